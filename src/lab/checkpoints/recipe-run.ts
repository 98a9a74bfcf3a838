import type { CheckedRecipe, CheckedStep } from '../../compression/recipe/recipe';
import type { Model } from '../../model/model';
import type { Recipe } from '../../compression/recipe/recipe-schema';
import type { TextByName } from './run-identity';

/** A recipe that trains as it is being made, and what its steps follow from. */
export interface RecipeRun {
  /** Of the checkpoint (`run-identity.ts`), and as the user knows it. */
  readonly checkpoint: string;
  readonly checkpointName: string;
  readonly base: Model;
  readonly checked: CheckedRecipe;
  /** With what was left open filled in. */
  readonly recipe: Recipe;
  readonly texts: TextByName;
  /** Updates of steps, counted from 0, that were ended early; more come as the run goes on. */
  readonly endedEarly: ReadonlyMap<number, number>;
  readonly signal?: AbortSignal;
}

/** The steps up to the last of them, counted from 0, as they were made: early ends are among their parameters. */
export function stepsMade({ checked, endedEarly }: RecipeRun, last: number): CheckedStep[] {
  return withStops(checked.steps.slice(0, last + 1), endedEarly);
}

/** The recipe that makes the same variant again: a run that was ended early says after how many updates. */
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
