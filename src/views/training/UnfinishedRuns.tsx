import { discardTraining, resumeTraining } from '../../store/training-actions';
import { useLab, useLabContext } from '../lab-context';
import { StoredRunRow } from './StoredRunRow';

/** Interrupted runs of the open model: the page was closed, the device was lost or the user cancelled. */
export function UnfinishedRuns() {
  const context = useLabContext();
  const unfinished = useLab((state) => state.unfinished);
  const busy = useLab((state) => state.operation !== undefined);
  return (
    <>
      <h3>Unfinished runs</h3>
      <ul className="stored-runs" aria-label="Unfinished runs">
        {unfinished.map((run) => (
          <StoredRunRow key={run.id} run={run} reached={`step ${run.step} of ${run.steps}`}>
            <button
              type="button"
              disabled={busy}
              aria-label={`Resume ${run.recipe.name}`}
              onClick={() => void resumeTraining(context, run)}
            >
              Resume
            </button>
            <button
              type="button"
              disabled={busy}
              aria-label={`Discard ${run.recipe.name}`}
              onClick={() => void discardTraining(context, [run])}
            >
              Discard
            </button>
          </StoredRunRow>
        ))}
      </ul>
    </>
  );
}
