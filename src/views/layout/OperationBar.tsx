import { formatBytes } from '../format';
import { useLab } from '../lab-context';

/** Progress of the running operation, with a cancel button; occupies its place even when nothing runs. */
export function OperationBar() {
  const operation = useLab((state) => state.operation);
  if (!operation) return <div className="operation" aria-live="polite" />;
  const { title, progress, cancel } = operation;
  const share = progress && progress.total > 0 ? progress.done / progress.total : undefined;
  return (
    <div className="operation running" aria-live="polite" role="status">
      <progress value={share} max={1} aria-label={title} />
      <span>
        {progress ? progress.label : title}
        {progress && <small> {amount(progress)}</small>}
      </span>
      <button type="button" onClick={cancel}>
        Cancel
      </button>
    </div>
  );
}

function amount({ done, total, unit }: { done: number; total: number; unit: string }): string {
  if (unit === 'bytes') return `${formatBytes(done)} of ${formatBytes(total)}`;
  return `${Math.floor(done)} of ${total} ${unit}`;
}
