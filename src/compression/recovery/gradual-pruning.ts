import type { GroupPattern } from '../../weights/formats/n-of-m-weight';
import { z } from 'zod';
import type { LinearWeight } from '../../weights/linear-weight';
import { distillationParameters, objectiveOf } from './distillation-parameters';
import { GradualMasks } from './gradual-masks';
import { cubicSparsity, type GradualSchedule, keptAt } from './gradual-schedule';
import type { MaskSize } from './magnitude-masks';
import type { ModelMethod } from '../method';
import { scopeParameter, sparsityParameter } from '../pruning/pruning-parameters';
import { checkScope, checkSparsity, groupPatternOf, PATTERN_PARAMETERS } from '../pruning/sparsity-pattern';
import { trainVariant } from './train-variant';
import { unmaskedMatrix } from './unmasked-matrix';
import { parameter } from '../../parameters/parameter';
import { trainingParameters } from '../../train/training-settings';
import { trainingSettings } from './run-settings';

const schema = z.strictObject({
  sparsity: sparsityParameter(
    'Share of the weights that goes in the end. A pattern N:M fixes it at 1 − N/M.',
    0.7,
  ),
  pattern: PATTERN_PARAMETERS.pattern,
  scope: scopeParameter(
    'layer',
    'Global lets matrices of many small weights give up more than others. It goes with the unstructured pattern.',
  ),
  pruneEvery: parameter(z.number().int().positive().default(10), {
    label: 'Prune every',
    max: 1_000_000,
    unit: 'steps',
    help: 'Steps between two masks. Weights masked by one may return with the next, until the pattern is locked.',
  }),
  pruningShare: parameter(z.number().min(0).max(1).default(0.5), {
    label: 'Pruning ends at',
    step: 0.05,
    help: 'Share of the steps after which the final sparsity is reached and the pattern locked.',
  }),
  ...distillationParameters(),
  ...trainingParameters(),
});

type Parameters = z.infer<typeof schema>;

/** Masks more and more of the smallest weights during training, then locks the pattern. */
export const gradualPruning: ModelMethod<Parameters> = {
  id: 'gradual-pruning',
  title: 'Gradual pruning',
  paper:
    'Zafrir et al. 2021, "Prune Once for All: Sparse Pre-Trained Language Models", section 3; Zhu and Gupta 2017, "To prune, or not to prune", equation 1',
  summary:
    'Prunes by magnitude on a cubic schedule while the rest is trained on the base, then locks the pattern and continues training: much better than pruning at once, and costs a training run.',
  appliesTo: 'model',
  trains: true,
  schema,

  async compressModel(model, targets, parameters, context) {
    const settings = trainingSettings('gradual-pruning', parameters, model.config);
    const { pattern, sparsity, scope, pruneEvery, pruningShare } = parameters;
    checkSparsity(pattern, sparsity);
    checkScope(pattern, scope);
    const groups = groupPatternOf(pattern);
    const schedule = { pruneEvery, pruningSteps: Math.round(pruningShare * settings.steps) };
    const objective = objectiveOf(context.training!.teacher, parameters);
    const masks = new GradualMasks(schedule, sizeAt(parameters, groups, schedule), objective, context.signal);
    const training = {
      targets,
      settings,
      objective,
      matrixOf: async (name: string, weight: LinearWeight) => {
        const matrix = await unmaskedMatrix('gradual-pruning', name, weight, groups);
        return matrix && masks.add(name, matrix);
      },
      hooks: () => masks,
      finish: ({ bestStep }: { readonly bestStep: number }) => masks.finish(bestStep),
    };
    try {
      return await trainVariant(model, training, context);
    } finally {
      masks.dispose();
    }
  },
};

function sizeAt(
  { sparsity, scope }: Parameters,
  groups: GroupPattern | undefined,
  schedule: GradualSchedule,
) {
  return (step: number): MaskSize =>
    groups
      ? { kept: keptAt(step, schedule, groups), groupSize: groups.groupSize }
      : { sparsity: cubicSparsity(step, schedule, sparsity!), scope };
}
