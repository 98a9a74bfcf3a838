import type { TrainingPoint } from '../lab/protocol/protocol';
import { startsNewRun } from '../lab/report/training-record';
import type { TrainingRun } from './lab-state';
import type { LabContext } from './lab-store';
import { withPoints } from './training-curve';

/** Interval between chart updates; rendering one takes tens of milliseconds. */
const UPDATE_INTERVAL_MILLISECONDS = 500;

/**
 * Shows the run that `work` reports, from its first point; a recipe that does not train shows nothing.
 * @param name name of the recipe
 */
export async function whileTraining<Result>(
  context: LabContext,
  name: string,
  work: (onTraining: (point: TrainingPoint) => void) => Promise<Result>,
): Promise<Result> {
  const { store } = context;
  let hasStarted = false;
  let pending: TrainingPoint[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const show = () => {
    timer = undefined;
    const points = pending;
    pending = [];
    store.setState(({ training }) => ({ training: training && withNewPoints(training, points) }));
  };
  try {
    return await work((point) => {
      pending.push(point);
      timer ??= setTimeout(show, hasStarted ? UPDATE_INTERVAL_MILLISECONDS : 0);
      if (hasStarted) return;
      hasStarted = true;
      store.setState({ training: { name, points: [], notes: [], status: 'running' } });
      // A resumed run leaves the list of unfinished runs.
      void loadStoredRuns(context);
    });
  } finally {
    clearTimeout(timer);
    if (hasStarted) {
      show();
      store.setState(({ training }) => ({ training: training && { ...training, status: 'ended' } }));
      await loadStoredRuns(context);
    }
  }
}

function withNewPoints(run: TrainingRun, points: readonly TrainingPoint[]): TrainingRun {
  const notes = points.flatMap(({ note }) => (note === undefined ? [] : [note]));
  const all = [...run.points.slice(-1), ...points];
  // The request to finish applied to the previous step only.
  const isNext = all.some((point, index) => index > 0 && startsNewRun(all[index - 1], point));
  const status = isNext && run.status === 'finishing' ? 'running' : run.status;
  return { ...run, status, points: withPoints(run.points, points), notes: [...run.notes, ...notes] };
}

/**
 * Loads the lists of interrupted runs of the open model and of cached results; both are empty if the browser has no
 * file storage.
 */
export async function loadStoredRuns({ store, lab }: LabContext): Promise<void> {
  const unfinished = await lab.unfinishedTraining().catch(() => []);
  const finished = await lab.finishedTraining().catch(() => []);
  store.setState({ unfinished, finished });
}
