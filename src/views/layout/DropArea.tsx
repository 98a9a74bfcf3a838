import { type DragEvent, type ReactNode, useState } from 'react';
import { useLabContext } from '../lab-context';
import { droppedFiles } from './dropped-files';
import { takeFiles } from './take-files';

/** Accepts files dropped anywhere on the page. */
export function DropArea({ children }: { children: ReactNode }) {
  const context = useLabContext();
  const [isOver, setIsOver] = useState(false);
  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    setIsOver(false);
    void droppedFiles(event.dataTransfer).then((files) => takeFiles(context, files));
  };
  return (
    <div
      className="drop-area"
      onDragOver={(event) => {
        event.preventDefault();
        setIsOver(true);
      }}
      onDragLeave={(event) => {
        if (event.currentTarget === event.target) setIsOver(false);
      }}
      onDrop={onDrop}
    >
      {children}
      {isOver && (
        <div className="drop-hint" aria-hidden="true">
          <p>Drop a checkpoint folder, its files, or a recipe</p>
        </div>
      )}
    </div>
  );
}
