import type { TrainingStates } from '../../train/training-context';
import type { UnfinishedRuns, RunPosition } from './unfinished-runs';
import { type RecipeRun, stepsMade, withEarlyEnds } from './recipe-run';
import { runIdentity } from './run-identity';

/** Callbacks while the state of a run is saved. */
export interface RunListener {
  position(): RunPosition;
  /** Something that the user should know. */
  onNote(text: string): void;
}

/**
 * Where the steps of one recipe keep how far their training is. A storage that fails costs the user a resumption, not the run:
 * it is said once.
 */
export class RunStates {
  /** By the step that trains. What comes before it is made by then, so its name is known. */
  private readonly ids = new Map<number, Promise<string>>();
  private isSaid = false;

  constructor(
    private readonly runs: UnfinishedRuns,
    private readonly run: RecipeRun,
    private readonly listener: RunListener,
  ) {}

  /** Of a step, counted from 0, that begins now. */
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
      // The step is done, the recipe is not.
      remove: async () => undefined,
    };
  }

  async has(id: string): Promise<boolean> {
    return (await Promise.all(this.ids.values())).includes(id);
  }

  /** Forgets how far a step is. A state of no more use that cannot be removed is no harm. */
  async remove(step: number): Promise<void> {
    const id = await this.ids.get(step);
    if (id !== undefined) await this.runs.remove(id).catch(() => undefined);
  }

  async removeAll(): Promise<void> {
    for (const step of this.ids.keys()) await this.remove(step);
  }

  private tolerate({ name, message }: Error): undefined {
    if (this.isSaid) return;
    this.isSaid = true;
    const reason = name === 'QuotaExceededError' ? 'the storage is full' : message;
    this.listener.onNote(
      `The state of this run cannot be saved (${reason}): if the page closes, it begins again.`,
    );
  }
}
