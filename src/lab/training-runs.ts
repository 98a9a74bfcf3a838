import type { RecipeTraining } from '../compression/apply-recipe';
import type { TrainingPoint, TrainingStates } from '../train/training-context';
import { KeptFiles, type RunIdentity } from './kept-files';
import { KeptResults } from './kept-results';
import { KeptRuns, type RunPosition } from './kept-runs';
import { LabError } from './lab-error';
import type { FinishedTraining, TrainingAction, TrainingOptions, UnfinishedTraining } from './protocol';
import { RunControl } from './run-control';
import { runIdentity } from './run-identity';
import type { StateFiles } from './state-files';
import { type RecipeRun, type ResultListener, TrainedSteps } from './trained-steps';
import type { RecipeTrainingData } from './recipe-texts';

/** The run that is under way, those that broke off, and what others came to. */
export class TrainingRuns {
  private readonly kept: KeptRuns | undefined;
  private readonly results: KeptResults | undefined;
  private running: { readonly id: string; readonly control: RunControl } | undefined;

  /** @param files where runs are kept; absent: nowhere */
  constructor(files?: StateFiles) {
    const keptFiles = files && new KeptFiles(files);
    this.kept = keptFiles && new KeptRuns(keptFiles);
    this.results = keptFiles && new KeptResults(keptFiles);
  }

  /**
   * Applies a recipe that trains, from the last of its steps on whose result is kept. The state of a step's run goes once its
   * result is kept, or, where that cannot be, once all of the recipe is there: one that broke off in its second step need not
   * begin the first again.
   */
  async run<Result>(
    recipeRun: RecipeRun,
    { dataOf, warnings }: RecipeTrainingData,
    { signal, onTraining }: TrainingOptions,
    apply: (training: RecipeTraining) => Promise<Result>,
  ): Promise<Result> {
    const { checkpoint, checked, recipe, texts } = recipeRun;
    const identity: RunIdentity = { id: await runIdentity(checkpoint, checked, texts), checkpoint, recipe };
    const control = new RunControl(signal);
    const notes = [...warnings];
    let last: TrainingPoint | undefined;
    const tell = (point: TrainingPoint) => {
      last = point;
      const said = [...notes.splice(0), ...(point.note === undefined ? [] : [point.note])];
      onTraining?.(said.length > 0 ? { ...point, note: said.join(' ') } : point);
    };
    const listener: ResultListener = {
      onPoint: tell,
      onNote: (text) => void notes.push(text),
      // A state of no more use that cannot be removed is no harm.
      onKept: async (step) => this.kept?.removeStep(identity.id, step).catch(() => undefined),
    };
    const kept = this.results && new TrainedSteps(this.results, recipeRun, listener);
    const onPoint = (point: TrainingPoint) => {
      kept?.hear(point);
      tell(point);
    };
    const position = (): RunPosition => ({ step: last?.step ?? 0, steps: last?.steps ?? 0 });
    const statesOf = this.kept && tolerantStates(this.kept, identity, position, notes);
    this.running = { id: identity.id, control };
    try {
      const result = await apply({ dataOf, control, onPoint, statesOf, kept });
      // What is to be said after the last point of a curve goes with it once more.
      if (last && notes.length > 0) tell({ ...last, note: undefined });
      // What is there must not be lost because a file of no more use cannot be removed.
      await this.kept?.remove(identity.id).catch(() => undefined);
      return result;
    } finally {
      this.running = undefined;
    }
  }

  /** @throws LabError where nothing trains */
  control(action: TrainingAction): void {
    if (!this.running) throw new LabError(`Nothing trains now, so there is nothing to ${action}.`);
    this.running.control.act(action);
  }

  /** Runs of a checkpoint that broke off, the latest first. */
  async unfinished(checkpoint: string): Promise<UnfinishedTraining[]> {
    const runs = (await this.kept?.of(checkpoint)) ?? [];
    return runs.filter(({ id }) => id !== this.running?.id);
  }

  /** What runs of any checkpoint came to, the one used last first. */
  async finished(): Promise<FinishedTraining[]> {
    return (await this.results?.all()) ?? [];
  }

  /** A run that broke off, or a result. @throws LabError where it is under way */
  async forget(id: string): Promise<void> {
    if (this.running?.id === id)
      throw new LabError('This run is under way; cancel it before it can be discarded.');
    await this.kept?.remove(id);
  }
}

/** A storage that fails costs the user a resumption, not the run: it is said once. */
function tolerantStates(
  kept: KeptRuns,
  identity: RunIdentity,
  position: () => RunPosition,
  notes: string[],
): (recipeStep: number) => TrainingStates {
  let isSaid = false;
  const tolerate = (error: unknown) => {
    if (isSaid) return;
    isSaid = true;
    const { name, message } = error as Error;
    const reason = name === 'QuotaExceededError' ? 'the storage is full' : message;
    notes.push(`This run cannot be kept (${reason}): if the page closes, it begins again.`);
  };
  return (recipeStep) => {
    const states = kept.statesOf(identity, recipeStep, position);
    return {
      read: () => states.read().catch((error: unknown) => void tolerate(error)),
      write: (bytes) => states.write(bytes).catch(tolerate),
      // The step is done, the recipe is not.
      remove: async () => undefined,
    };
  };
}
