import type { ModelConfig } from '../../model/model';
import { RecipeError } from '../method';
import { type CheckedRecipe, trains } from './recipe';

/** Configuration of the model at each step of a recipe: a step may change the task. */
export interface StepConfigs {
  /** Before each step. */
  readonly before: readonly ModelConfig[];
  readonly after: ModelConfig;
}

/**
 * Derives the model's task at each step of a recipe, before anything is computed.
 * @param base of the model that the recipe is applied to, the teacher of the steps that train
 * @throws RecipeError where a step does not fit the model's task at that point, or distils from a teacher with
 *   another task
 */
export function stepConfigs({ steps }: Pick<CheckedRecipe, 'steps'>, base: ModelConfig): StepConfigs {
  const before: ModelConfig[] = [];
  let config = base;
  for (const [index, { method, parameters }] of steps.entries()) {
    if (config.task !== base.task && trains(method) && learnsPredictions(parameters)) {
      throw new RecipeError(
        `Step ${index + 1} (${method.id}) cannot learn a ${config.task} task from the predictions of the base, a ${base.task} model; set its "distillationWeight" to 0, or use fine-tuning.`,
      );
    }
    before.push(config);
    if ('compressModel' in method && method.configAfter) config = method.configAfter(config, parameters);
  }
  return { before, after: config };
}

/** Whether distillation parameters use the teacher's logits, or train the teacher by the variant's. */
function learnsPredictions(parameters: unknown): boolean {
  const { distillationWeight = 0, teacherLearningRate } = parameters as Readonly<Record<string, unknown>>;
  return Number(distillationWeight) > 0 || teacherLearningRate !== undefined;
}
