import { discardTraining } from '../../store/training-actions';
import { formatBytes } from '../format';
import { useLab, useLabContext } from '../lab-context';
import { StoredRunRow } from './StoredRunRow';

/** What runs came to, kept so that a recipe that begins with the same steps need not train again. */
export function FinishedRuns() {
  const context = useLabContext();
  const finished = useLab((state) => state.finished);
  const busy = useLab((state) => state.operation !== undefined);
  const total = finished.reduce((sum, { bytes }) => sum + bytes, 0);
  return (
    <details>
      <summary>
        Finished runs that are kept: {finished.length}, {formatBytes(total)}
      </summary>
      <p className="hint">
        A recipe that begins with the same steps on the same text takes what such a run came to. The least recently used ones
        go where there is no room.
      </p>
      <ul className="kept-runs" aria-label="Finished runs">
        {finished.map((run) => (
          <StoredRunRow key={run.id} run={run} reached={`${run.steps} steps, ${run.model}`}>
            <button
              type="button"
              disabled={busy}
              aria-label={`Forget ${run.recipe.name}`}
              onClick={() => void discardTraining(context, [run])}
            >
              Forget
            </button>
          </StoredRunRow>
        ))}
      </ul>
      <button type="button" disabled={busy} onClick={() => void discardTraining(context, finished)}>
        Forget all
      </button>
    </details>
  );
}
