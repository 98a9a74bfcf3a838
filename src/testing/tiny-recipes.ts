import { applyRecipe, type RecipeOptions, type RecipeTraining } from '../compression/recipe/apply-recipe';
import { METHODS } from '../compression/methods';
import { checkRecipe } from '../compression/recipe/recipe';
import { loadModel } from '../model/load-model';
import type { Model } from '../model/model';
import { openFolder } from './folder-checkpoint';
import type { TrainingData } from '../train/training-context';
import { TINY_LENGTH, tinyTrainingData } from './tiny-training';

/** Tiny checkpoints of each family and task that trains. */
export const TINY_MODELS = ['tiny-gpt2', 'tiny-bert', 'tiny-bert-mlm'] as const;

/** Settings of a short run for a tiny model. */
export const SHORT_RUN = {
  steps: 12,
  batchSize: 4,
  sequenceLength: TINY_LENGTH,
  peakLearningRate: 0.01,
  warmupSteps: 2,
  distillationWeight: 1,
  evaluateEvery: 4,
};

/** Runs a check with a tiny checkpoint of the fixtures. */
export async function withTiny(name: string, check: (model: Model) => Promise<void>): Promise<void> {
  const model = await loadModel(await openFolder(`src/testing/fixtures/${name}`));
  try {
    await check(model);
  } finally {
    model.dispose();
  }
}

interface TinyRecipeOptions extends Partial<RecipeTraining>, Pick<RecipeOptions, 'calibration'> {
  /** Data that every step trains on; absent: random tokens. */
  readonly data?: TrainingData;
}

/** Applies steps, some of which may train, on random tokens. The caller disposes of the model. */
export async function recovered(
  base: Model,
  steps: readonly object[],
  { calibration, data, ...training }: TinyRecipeOptions = {},
): Promise<Model> {
  const recipe = checkRecipe({ name: 'recovery', steps }, METHODS);
  const trainedOn = data ?? (await tinyTrainingData(base));
  const options = { calibration, training: { dataOf: () => trainedOn, ...training } };
  return (await applyRecipe(base, recipe, options)).model;
}
