import type { CheckedRecipe, CheckedStep } from '../../compression/recipe/recipe';
import type { Model } from '../../model/model';
import type { Recipe } from '../../compression/recipe/recipe-schema';
import type { TextByName } from './run-identity';

/** Recipe with training in progress, and everything its steps depend on. */
export interface RecipeRun {
  /** Identity of the checkpoint (`run-identity.ts`), and its name for the user. */
  readonly checkpoint: string;
  readonly checkpointName: string;
  readonly base: Model;
  readonly checked: CheckedRecipe;
  /** Recipe with defaults filled in. */
  readonly recipe: Recipe;
  readonly texts: TextByName;
  /** Number of updates of steps, by index from 0, that were ended early; filled during the run. */
  readonly endedEarly: ReadonlyMap<number, number>;
  readonly signal?: AbortSignal;
}

/** Steps up to index `last` as they were made, with `stopAfter` set for those that were ended early. */
export function stepsMade({ checked, endedEarly }: RecipeRun, last: number): CheckedStep[] {
  return withStops(checked.steps.slice(0, last + 1), endedEarly);
}

/** Recipe that reproduces the variant: a run that was ended early states its number of updates. */
export function withEarlyEnds(recipe: Recipe, updates: ReadonlyMap<number, number>): Recipe {
  return { ...recipe, steps: withStops(recipe.steps, updates) };
}

function withStops<Step extends { readonly parameters?: unknown }>(
  steps: readonly Step[],
  updates: ReadonlyMap<number, number>,
): Step[] {
  return steps.map((step, index) => {
    const stopAfter = updates.get(index);
    if (stopAfter === undefined) return step;
    return { ...step, parameters: { ...(step.parameters as object), stopAfter } };
  });
}
