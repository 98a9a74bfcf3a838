import type { TrainingStates } from '../train/training-context';
import type { KeptAccount, KeptFiles, RunIdentity } from './kept-files';
import type { UnfinishedTraining } from './protocol';

/** How far a run of one of the recipe's steps is. */
export interface RunPosition {
  readonly step: number;
  readonly steps: number;
}

interface StateAccount extends KeptAccount {
  /** Of the recipe, counted from 0. */
  readonly recipeStep: number;
}

/** States of runs in files, one for each step of a recipe that trains, with what a user should know of them. */
export class KeptRuns {
  constructor(private readonly files: KeptFiles) {}

  /** Runs of a checkpoint that did not come to their end, the latest first; of a recipe the step that it was at. */
  async of(checkpoint: string): Promise<UnfinishedTraining[]> {
    const accounts = (await this.files.unfinished<StateAccount>())
      .map(({ account }) => account)
      .filter((account) => account.checkpoint === checkpoint);
    accounts.sort((left, right) => left.recipeStep - right.recipeStep);
    const latest = new Map(accounts.map((account) => [account.id, account]));
    return [...latest.values()]
      .sort((left, right) => right.savedAt.localeCompare(left.savedAt))
      .map(({ id, recipe, step, steps, savedAt, bytes }) => ({ id, recipe, step, steps, savedAt, bytes }));
  }

  /** Where a step's state is read and written; `position` says how far the run is at a write. */
  statesOf(
    run: RunIdentity,
    recipeStep: number,
    position: () => RunPosition,
  ): Pick<TrainingStates, 'read' | 'write'> {
    const name = `${run.id}-${recipeStep}`;
    return {
      read: async () => (await this.files.read(name))?.content,
      write: (state) => {
        const { id, checkpoint, recipe } = run;
        const savedAt = new Date().toISOString();
        const account = { id, checkpoint, recipe, ...position(), recipeStep, savedAt };
        return this.files.write(name, account, state);
      },
    };
  }

  /** Forgets how far one step of a recipe is. */
  removeStep(id: string, recipeStep: number): Promise<void> {
    return this.files.removeFile(`${id}-${recipeStep}`);
  }

  /** Forgets a run, at whichever step of its recipe. */
  remove(id: string): Promise<void> {
    return this.files.remove(id);
  }
}
