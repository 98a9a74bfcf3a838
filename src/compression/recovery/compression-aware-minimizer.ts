import { z } from 'zod';
import type { MaskedMatrix } from '../../train/formats/masked-matrix';
import type { Student } from '../../train/student';
import type { LinearWeight } from '../../weights/linear-weight';
import { CompressedPoint } from './compressed-point';
import { distillationParameters, objectiveOf } from './distillation-parameters';
import { maskByMagnitude, type MaskSize } from './magnitude-masks';
import type { ModelMethod } from '../method';
import { checkSparsity, groupPatternOf, PATTERN_PARAMETERS } from '../pruning/sparsity-pattern';
import { trainVariant } from './train-variant';
import { unmaskedMatrix } from './unmasked-matrix';
import { parameter } from '../../parameters/parameter';
import { trainingParameters } from '../../train/training-settings';
import { trainingSettings } from './run-settings';

const schema = z.strictObject({
  ...PATTERN_PARAMETERS,
  climb: parameter(z.number().min(0).max(10).default(0.05), {
    label: 'Climb',
    step: 0.01,
    help: 'ρ: step of the weights along their gradient before they are pruned to compute the final gradient.',
  }),
  plus: parameter(z.boolean().default(true), {
    label: 'Gradient',
    labels: { true: 'pruned and dense (CrAM⁺)', false: 'pruned alone (CrAM)' },
    help: 'Whether to add the gradient at the dense weights to the one at the pruned weights.',
  }),
  ...distillationParameters(),
  ...trainingParameters(),
});

type Parameters = z.infer<typeof schema>;

/** Trains dense weights so that pruning them at once, by magnitude, costs little; then prunes them. */
export const compressionAwareMinimizer: ModelMethod<Parameters> = {
  id: 'compression-aware-minimizer',
  title: 'Compression-aware minimizer',
  paper: 'Peste et al. 2022, "CrAM: A Compression-Aware Minimizer", section 3',
  summary:
    'Trains with gradients taken at the pruned weights, so that pruning the dense ones at the end costs little; a step takes two forward and two backward passes.',
  appliesTo: 'model',
  trains: true,
  schema,

  async compressModel(model, targets, parameters, context) {
    const settings = trainingSettings('compression-aware-minimizer', parameters, model.config);
    checkSparsity(parameters.pattern, parameters.sparsity);
    const groups = groupPatternOf(parameters.pattern);
    const size: MaskSize = groups ?? { sparsity: parameters.sparsity!, scope: 'layer' };
    const objective = objectiveOf(context.training!.teacher, parameters);
    const matrices: MaskedMatrix[] = [];
    const matrixOf = async (name: string, weight: LinearWeight) => {
      const matrix = await unmaskedMatrix('compression-aware-minimizer', name, weight, groups);
      if (matrix) matrices.push(matrix);
      return matrix;
    };
    let point: CompressedPoint | undefined;
    const { climb, plus } = parameters;
    const { signal } = context;
    const training = {
      targets,
      settings,
      objective,
      matrixOf,
      hooks: (student: Student) =>
        (point = new CompressedPoint(student, { matrices, size, climb, plus, objective, signal })),
      finish: () => maskByMagnitude(matrices, size),
    };
    try {
      return await trainVariant(model, training, context);
    } finally {
      point?.dispose();
    }
  },
};
