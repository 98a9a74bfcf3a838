import type { Model } from '../model/model';
import type { LinearWeight } from '../weights/linear-weight';
import type { CompressionContext, TargetMatrix } from './method';
import type { CheckedRecipe, CheckedStep } from './recipe';
import { relativeFrobeniusError } from './relative-error';
import { matchTargets } from './targets';

/** What a recipe did to one matrix. */
export interface LayerChange {
  readonly name: string;
  readonly form: string;
  readonly shape: readonly [number, number];
  /** ‖W − Ŵ‖F / ‖W‖F against the model that the recipe was applied to. */
  readonly relativeError: number;
  readonly storedBytes: number;
  readonly parameters: number;
}

export interface RecipeOptions {
  readonly signal?: AbortSignal;
  /** `done` counts matrices, fractions of one included. */
  onProgress?(label: string, done: number, total: number): void;
}

/** The module names that each step of a recipe applies to. @throws RecipeError where a target matches nothing */
export function matchRecipe(recipe: CheckedRecipe, model: Model): string[][] {
  return recipe.steps.map((step) => matchTargets(step.targets, step.ignore, model));
}

/**
 * Applies the steps in order, each to what the one before left. The model given stays as it is.
 *
 * @returns a model that the caller owns, and what changed
 * @throws RecipeError where a step does not fit; the signal's reason when cancelled. Nothing is left on the GPU then
 */
export async function applyRecipe(
  model: Model,
  recipe: CheckedRecipe,
  options: RecipeOptions = {},
): Promise<{ model: Model; layers: LayerChange[] }> {
  const matches = matchRecipe(recipe, model);
  const changed = new Map<string, LinearWeight>();
  const total = matches.flat().length + new Set(matches.flat()).size;
  let done = 0;
  const report = (label: string, share = 0) => options.onProgress?.(label, done + share, total);
  try {
    for (const [index, step] of recipe.steps.entries()) {
      const current = (name: string) => changed.get(name) ?? model.linears.get(name)!;
      const survey = await step.method.survey?.(eachTarget(step, matches[index], current), step.parameters);
      for (const name of matches[index]) {
        options.signal?.throwIfAborted();
        const label = `${step.method.title}: ${name}`;
        report(label);
        const context = { signal: options.signal, onProgress: (share: number) => report(label, share) };
        const replacement = await compressWeight(name, current(name), step, context, survey);
        changed.get(name)?.dispose();
        changed.set(name, replacement);
        done++;
      }
    }
    const layers: LayerChange[] = [];
    for (const [name, weight] of changed) {
      options.signal?.throwIfAborted();
      report(`Measuring the error of ${name}`);
      layers.push(await describeChange(name, model.linears.get(name)!, weight));
      done++;
    }
    report('Done');
    return { model: model.withLinears(changed), layers };
  } catch (error) {
    for (const weight of changed.values()) weight.dispose();
    throw error;
  }
}

/** Applies a step to one weight, or, where the method works on values, to each factor of a factorized one. */
async function compressWeight(
  name: string,
  weight: LinearWeight,
  step: CheckedStep,
  context: CompressionContext,
  survey: unknown,
): Promise<LinearWeight> {
  if (!appliesToFactors(weight, step)) {
    const target: TargetMatrix = { name, shape: weight.shape, values: await weight.dense(), weight };
    return step.method.compress(target, step.parameters, context, survey);
  }
  const replacements: LinearWeight[] = [];
  try {
    for (const factor of weight.factors!) {
      replacements.push(await compressWeight(`${name}.${factor.name}`, factor.weight, step, context, survey));
    }
    return weight.withFactors!(replacements);
  } catch (error) {
    for (const replacement of replacements) replacement.dispose();
    throw error;
  }
}

/** All targets of a step one after the other, as often as a survey asks for them. */
function eachTarget(
  step: CheckedStep,
  names: readonly string[],
  current: (name: string) => LinearWeight,
): AsyncIterable<TargetMatrix> {
  async function* visit(name: string, weight: LinearWeight): AsyncGenerator<TargetMatrix> {
    if (appliesToFactors(weight, step)) {
      for (const factor of weight.factors!) yield* visit(`${name}.${factor.name}`, factor.weight);
    } else {
      yield { name, shape: weight.shape, values: await weight.dense(), weight };
    }
  }
  return {
    async *[Symbol.asyncIterator]() {
      for (const name of names) yield* visit(name, current(name));
    },
  };
}

function appliesToFactors(weight: LinearWeight, step: CheckedStep): boolean {
  return step.method.appliesTo === 'values' && Boolean(weight.factors && weight.withFactors);
}

/** What became of one matrix. */
export async function describeChange(
  name: string,
  before: LinearWeight,
  after: LinearWeight,
): Promise<LayerChange> {
  return {
    name,
    form: after.form,
    shape: after.shape,
    relativeError: relativeFrobeniusError(await before.dense(), await after.dense()),
    storedBytes: after.storedBytes,
    parameters: after.parameters,
  };
}
