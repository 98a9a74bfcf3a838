import type { Recipe } from '../../compression/recipe/recipe-schema';
import type { RunFiles, RunHeader, RunIdentity } from './run-files';

/** Recipe whose training was interrupted, with its progress. */
export interface UnfinishedTraining {
  readonly id: string;
  readonly recipe: Recipe;
  readonly step: number;
  readonly steps: number;
  /** ISO 8601. */
  readonly savedAt: string;
  /** Size of the saved state. */
  readonly bytes: number;
}

/** Progress of one training step. */
export interface RunPosition {
  readonly step: number;
  readonly steps: number;
}

interface StateHeader extends RunHeader {
  /** Index of the recipe's step, from 0. */
  readonly recipeStep: number;
}

/** Stored states of unfinished runs, one for each training step of a recipe, with a description for the user. */
export class UnfinishedRuns {
  constructor(private readonly files: RunFiles) {}

  /** Unfinished runs of a checkpoint, the latest first; for each recipe, the step in progress. */
  async of(checkpoint: string): Promise<UnfinishedTraining[]> {
    const headers = (await this.headers()).filter((header) => header.checkpoint === checkpoint);
    headers.sort((left, right) => left.recipeStep - right.recipeStep);
    const latest = new Map(headers.map((header) => [JSON.stringify(header.recipe), header]));
    return [...latest.values()]
      .sort((left, right) => right.savedAt.localeCompare(left.savedAt))
      .map(({ id, recipe, step, steps, savedAt, bytes }) => ({ id, recipe, step, steps, savedAt, bytes }));
  }

  /** Reads the state of a recipe's step. @throws LabError if the file is not a state; storage errors */
  async read(id: string, recipeStep: number): Promise<Uint8Array | undefined> {
    return (await this.files.read(nameOf(id, recipeStep)))?.content;
  }

  /** @throws storage errors */
  async write(run: RunIdentity, recipeStep: number, position: RunPosition, state: Uint8Array): Promise<void> {
    const header = { ...run, ...position, recipeStep, savedAt: new Date().toISOString() };
    await this.files.write(nameOf(run.id, recipeStep), header, state);
  }

  /** Removes the state of one step, or a result. */
  remove(id: string): Promise<void> {
    return this.files.remove(id);
  }

  /** Removes a run with the states of the same recipe's earlier steps, or a result. */
  async discard(id: string): Promise<void> {
    const headers = await this.headers();
    const discarded = headers.find((header) => header.id === id);
    const isSame = ({ checkpoint, recipe }: StateHeader) =>
      checkpoint === discarded?.checkpoint && JSON.stringify(recipe) === JSON.stringify(discarded.recipe);
    for (const runId of new Set([id, ...headers.filter(isSame).map((header) => header.id)]))
      await this.files.remove(runId);
  }

  private async headers(): Promise<StateHeader[]> {
    return (await this.files.unfinished<StateHeader>()).map(({ header }) => header);
  }
}

function nameOf(id: string, recipeStep: number): string {
  return `${id}-${recipeStep}`;
}
