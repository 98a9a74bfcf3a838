import type { TrainingPoint } from '../lab/protocol/protocol';
import { beginsAnother } from '../lab/report/training-record';
import type { TrainingRun } from './lab-state';
import type { LabContext } from './lab-store';
import { withPoints } from './training-curve';

/** A chart takes tens of milliseconds to draw: what comes meanwhile is drawn together. */
const MILLISECONDS_BETWEEN_DRAWINGS = 500;

/**
 * Shows what a run says of itself while `work` goes on, from its first point; a recipe that does not train shows nothing.
 * @param name of the recipe
 */
export async function whileTraining<Result>(
  context: LabContext,
  name: string,
  work: (onTraining: (point: TrainingPoint) => void) => Promise<Result>,
): Promise<Result> {
  const { store } = context;
  let isBegun = false;
  let waiting: TrainingPoint[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const show = () => {
    timer = undefined;
    const points = waiting;
    waiting = [];
    store.setState(({ training }) => ({ training: training && withHeard(training, points) }));
  };
  try {
    return await work((point) => {
      waiting.push(point);
      timer ??= setTimeout(show, isBegun ? MILLISECONDS_BETWEEN_DRAWINGS : 0);
      if (isBegun) return;
      isBegun = true;
      store.setState({ training: { name, points: [], notes: [], status: 'running' } });
      // This run, where it had broken off, is under way again.
      void loadStoredRuns(context);
    });
  } finally {
    clearTimeout(timer);
    if (isBegun) {
      show();
      store.setState(({ training }) => ({ training: training && { ...training, status: 'ended' } }));
      await loadStoredRuns(context);
    }
  }
}

function withHeard(run: TrainingRun, points: readonly TrainingPoint[]): TrainingRun {
  const notes = points.flatMap(({ note }) => (note === undefined ? [] : [note]));
  const all = [...run.points.slice(-1), ...points];
  // The end that the user asked for was that of the step before.
  const isNext = all.some((point, index) => index > 0 && beginsAnother(all[index - 1], point));
  const status = isNext && run.status === 'finishing' ? 'running' : run.status;
  return { ...run, status, points: withPoints(run.points, points), notes: [...run.notes, ...notes] };
}

/** Asks which runs of the open model broke off, and what others came to. Where the browser keeps no files, there are none. */
export async function loadStoredRuns({ store, lab }: LabContext): Promise<void> {
  const unfinished = await lab.unfinishedTraining().catch(() => []);
  const finished = await lab.finishedTraining().catch(() => []);
  store.setState({ unfinished, finished });
}
