import type { RecipeTraining } from '../compression/apply-recipe';
import type { TrainingPoint, TrainingStates } from '../train/training-context';
import { KeptRuns, type RunIdentity, type RunPosition } from './kept-runs';
import { LabError } from './lab-error';
import type { TrainingAction, TrainingOptions, UnfinishedTraining } from './protocol';
import { RunControl } from './run-control';
import type { StateFiles } from './state-files';
import type { RecipeTrainingData } from './recipe-texts';

/** The run that is under way, and those that broke off. */
export class TrainingRuns {
  private readonly kept: KeptRuns | undefined;
  private running: { readonly id: string; readonly control: RunControl } | undefined;

  /** @param files where runs are kept; absent: nowhere */
  constructor(files?: StateFiles) {
    this.kept = files && new KeptRuns(files);
  }

  /**
   * Applies a recipe that trains. What is kept of its runs on the way goes once all of it is there: a recipe may train in
   * several steps, and one that broke off in the second need not begin the first again.
   */
  async run<Result>(
    identity: RunIdentity,
    { dataOf, warnings }: RecipeTrainingData,
    { signal, onTraining }: TrainingOptions,
    apply: (training: RecipeTraining) => Promise<Result>,
  ): Promise<Result> {
    const control = new RunControl(signal);
    const notes = [...warnings];
    let position: RunPosition = { step: 0, steps: 0 };
    const onPoint = (point: TrainingPoint) => {
      position = { step: point.step, steps: point.steps };
      const said = [...notes.splice(0), ...(point.note === undefined ? [] : [point.note])];
      onTraining?.(said.length > 0 ? { ...point, note: said.join(' ') } : point);
    };
    const statesOf = this.kept && tolerantStates(this.kept, identity, () => position, notes);
    this.running = { id: identity.id, control };
    try {
      const result = await apply({ dataOf, control, onPoint, statesOf });
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

  /** @throws LabError where it is under way */
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
