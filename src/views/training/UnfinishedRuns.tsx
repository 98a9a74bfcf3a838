import { discardTraining, resumeTraining } from '../../store/training-actions';
import { useLab, useLabContext } from '../lab-context';
import { StoredRunRow } from './StoredRunRow';

/** Runs of the open model that broke off: a closed page, a lost device, a cancellation. */
export function UnfinishedRuns() {
  const context = useLabContext();
  const unfinished = useLab((state) => state.unfinished);
  const busy = useLab((state) => state.operation !== undefined);
  return (
    <>
      <h3>Unfinished runs</h3>
      <ul className="kept-runs" aria-label="Unfinished runs">
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
