import type { TrainingStates } from '../../train/training-context';
import type { UnfinishedRuns, RunPosition } from './unfinished-runs';
import { type RecipeRun, stepsMade, withEarlyEnds } from './recipe-run';
import { runIdentity } from './run-identity';

/** Callbacks for saving the state of a run. */
export interface RunListener {
  position(): RunPosition;
  /** Reports a message for the user. */
  onNote(text: string): void;
}

/**
 * Storage of the training states of a recipe's steps. A storage failure prevents resuming, but not the run; it is reported
 * once.
 */
export class RunStates {
  /** Run ids by index of the training step; the steps before it have finished by then, which determines the id. */
  private readonly ids = new Map<number, Promise<string>>();
  private isReported = false;

  constructor(
    private readonly runs: UnfinishedRuns,
    private readonly run: RecipeRun,
    private readonly listener: RunListener,
  ) {}

  /** States for a step, by index from 0, that starts now. */
  of(step: number): TrainingStates {
    const { checkpoint, checked, texts, recipe, endedEarly } = this.run;
    const id = runIdentity(checkpoint, checked, stepsMade(this.run, step), texts);
    this.ids.set(step, id);
    const tolerate = (error: unknown) => this.tolerate(error as Error);
    return {
      read: async () => this.runs.read(await id, step).catch(tolerate),
      write: async (state) => {
        const run = { id: await id, checkpoint, recipe: withEarlyEnds(recipe, endedEarly) };
        await this.runs.write(run, step, this.listener.position(), state).catch(tolerate);
      },
      // The state stays until its result is stored or the recipe has finished.
      remove: async () => undefined,
    };
  }

  async has(id: string): Promise<boolean> {
    return (await Promise.all(this.ids.values())).includes(id);
  }

  /** Removes the state of a step. A failure is ignored, because the state is no longer needed. */
  async remove(step: number): Promise<void> {
    const id = await this.ids.get(step);
    if (id !== undefined) await this.runs.remove(id).catch(() => undefined);
  }

  async removeAll(): Promise<void> {
    for (const step of this.ids.keys()) await this.remove(step);
  }

  private tolerate({ name, message }: Error): undefined {
    if (this.isReported) return;
    this.isReported = true;
    const reason = name === 'QuotaExceededError' ? 'the storage is full' : message;
    this.listener.onNote(
      `The state of this run cannot be saved (${reason}); if the page closes, it starts over.`,
    );
  }
}
