import type { ReactNode } from 'react';
import { formatBytes, formatDateTime } from '../format';

interface StoredRunRowProps {
  readonly run: { readonly recipe: { readonly name: string }; readonly savedAt: string; readonly bytes: number };
  /** Progress or result of the run. */
  readonly reached: string;
  /** Buttons of the row. */
  readonly children: ReactNode;
}

/** Stored training run with its buttons. */
export function StoredRunRow({ run, reached, children }: StoredRunRowProps) {
  return (
    <li className="row wrap">
      <span>
        {run.recipe.name}
        <small className="hint">
          {' '}
          {reached}, saved {formatDateTime(run.savedAt)}, {formatBytes(run.bytes)}
        </small>
      </span>
      <span className="spacer" />
      {children}
    </li>
  );
}
