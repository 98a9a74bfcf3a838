import type { ReactNode } from 'react';
import { formatBytes, formatMoment } from '../format';

interface StoredRunRowProps {
  readonly run: { readonly recipe: { readonly name: string }; readonly savedAt: string; readonly bytes: number };
  /** How far it came. */
  readonly reached: string;
  /** Its buttons. */
  readonly children: ReactNode;
}

/** A run whose file is kept, and what can be done with it. */
export function StoredRunRow({ run, reached, children }: StoredRunRowProps) {
  return (
    <li className="row wrap">
      <span>
        {run.recipe.name}
        <small className="hint">
          {' '}
          {reached}, kept {formatMoment(run.savedAt)}, {formatBytes(run.bytes)}
        </small>
      </span>
      <span className="spacer" />
      {children}
    </li>
  );
}
