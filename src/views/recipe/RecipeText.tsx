import { Dialog } from 'radix-ui';
import { useState } from 'react';
import { loadRecipeText } from '../../store/recipe-actions';
import { useLabContext } from '../lab-context';

/** The recipe as editable JSON. */
export function RecipeText() {
  const context = useLabContext();
  const [text, setText] = useState('');
  const [open, setOpen] = useState(false);
  return (
    <Dialog.Root
      open={open}
      onOpenChange={(next) => {
        if (next) setText(JSON.stringify(context.store.getState().draft, undefined, 2));
        setOpen(next);
      }}
    >
      <Dialog.Trigger>As JSON</Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Overlay className="overlay" />
        <Dialog.Content className="dialog" aria-describedby={undefined}>
          <Dialog.Title>Recipe as JSON</Dialog.Title>
          <textarea
            className="code"
            rows={18}
            aria-label="Recipe JSON"
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
          <div className="row">
            <button
              type="button"
              className="primary"
              onClick={() => setOpen(!loadRecipeText(context, text, 'The text'))}
            >
              Use this recipe
            </button>
            <Dialog.Close>Close</Dialog.Close>
          </div>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
