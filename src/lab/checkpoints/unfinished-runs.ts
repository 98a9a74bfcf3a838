import type { Recipe } from '../../compression/recipe/recipe-schema';
import type { RunFiles, RunHeader, RunIdentity } from './run-files';

/** A recipe whose training broke off, and how far its run is. */
export interface UnfinishedTraining {
  readonly id: string;
  readonly recipe: Recipe;
  readonly step: number;
  readonly steps: number;
  /** ISO 8601. */
  readonly savedAt: string;
  /** That are kept of it. */
  readonly bytes: number;
}

/** How far a run of one of the recipe's steps is. */
export interface RunPosition {
  readonly step: number;
  readonly steps: number;
}

interface StateHeader extends RunHeader {
  /** Of the recipe, counted from 0. */
  readonly recipeStep: number;
}

/** States of runs in files, one for each step of a recipe that trains, with what a user should know of them. */
export class UnfinishedRuns {
  constructor(private readonly files: RunFiles) {}

  /** Runs of a checkpoint that did not come to their end, the latest first; of a recipe the step that it was at. */
  async of(checkpoint: string): Promise<UnfinishedTraining[]> {
    const headers = (await this.headers()).filter((header) => header.checkpoint === checkpoint);
    headers.sort((left, right) => left.recipeStep - right.recipeStep);
    const latest = new Map(headers.map((header) => [JSON.stringify(header.recipe), header]));
    return [...latest.values()]
      .sort((left, right) => right.savedAt.localeCompare(left.savedAt))
      .map(({ id, recipe, step, steps, savedAt, bytes }) => ({ id, recipe, step, steps, savedAt, bytes }));
  }

  /** The state of a run of a recipe's step. @throws LabError where the file is none; what the storage throws */
  async read(id: string, recipeStep: number): Promise<Uint8Array | undefined> {
    return (await this.files.read(nameOf(id, recipeStep)))?.content;
  }

  /** @throws what the storage throws */
  async write(run: RunIdentity, recipeStep: number, position: RunPosition, state: Uint8Array): Promise<void> {
    const header = { ...run, ...position, recipeStep, savedAt: new Date().toISOString() };
    await this.files.write(nameOf(run.id, recipeStep), header, state);
  }

  /** Forgets a run of one of the recipe's steps, or a result. */
  remove(id: string): Promise<void> {
    return this.files.remove(id);
  }

  /** Forgets a run with all that is kept of the same recipe's earlier steps, or a result. */
  async discard(id: string): Promise<void> {
    const headers = await this.headers();
    const asked = headers.find((header) => header.id === id);
    const isSame = ({ checkpoint, recipe }: StateHeader) =>
      checkpoint === asked?.checkpoint && JSON.stringify(recipe) === JSON.stringify(asked.recipe);
    for (const each of new Set([id, ...headers.filter(isSame).map((header) => header.id)]))
      await this.files.remove(each);
  }

  private async headers(): Promise<StateHeader[]> {
    return (await this.files.unfinished<StateHeader>()).map(({ header }) => header);
  }
}

function nameOf(id: string, recipeStep: number): string {
  return `${id}-${recipeStep}`;
}
