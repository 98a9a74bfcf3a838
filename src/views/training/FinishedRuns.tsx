import { discardTraining } from '../../store/training-actions';
import { formatBytes } from '../format';
import { useLab, useLabContext } from '../lab-context';
import { StoredRunRow } from './StoredRunRow';

/** Cached results of training; a recipe that begins with the same steps reuses them. */
export function FinishedRuns() {
  const context = useLabContext();
  const finished = useLab((state) => state.finished);
  const busy = useLab((state) => state.operation !== undefined);
  const total = finished.reduce((sum, { bytes }) => sum + bytes, 0);
  return (
    <details>
      <summary>
        Cached training results: {finished.length}, {formatBytes(total)}
      </summary>
      <p className="hint">
        A recipe that begins with the same steps on the same text reuses the cached result. When storage is full, the least recently used results are evicted.
      </p>
      <ul className="stored-runs" aria-label="Cached training results">
        {finished.map((run) => (
          <StoredRunRow key={run.id} run={run} reached={`${run.steps} steps, ${run.model}`}>
            <button
              type="button"
              disabled={busy}
              aria-label={`Delete ${run.recipe.name}`}
              onClick={() => void discardTraining(context, [run])}
            >Delete</button>
          </StoredRunRow>
        ))}
      </ul>
      <button type="button" disabled={busy} onClick={() => void discardTraining(context, finished)}>Delete all</button>
    </details>
  );
}
