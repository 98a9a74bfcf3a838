import { z } from 'zod';
import { StraightThroughMatrix } from '../../train/formats/straight-through-matrix';
import { heldOutLoss } from '../../train/held-out-loss';
import type { Objective } from '../../train/objective';
import type { StepHooks } from '../../train/step-hooks';
import { isSparse, type LinearWeight } from '../../weights/linear-weight';
import type { QuantizationScheme } from '../../weights/quantization';
import { distillationParameters, objectiveOf } from './distillation-parameters';
import type { ModelMethod } from '../method';
import {
  bitsParameter,
  groupSizeParameter,
  requireGroupsDivide,
  symmetricParameter,
} from '../quantization/quantization-parameters';
import { requireDense, trainVariant } from './train-variant';
import { parameter } from '../../parameters/parameter';
import { trainingParameters } from '../../train/training-settings';
import { trainingSettings } from './run-settings';

/** A model rounded to nearest is already near the base: a greater rate first moves it away. */
const TRAINING = { peakLearningRate: 1e-4 };

const schema = z.strictObject({
  bits: bitsParameter(8),
  groupSize: groupSizeParameter('Left open: each output row has one scale.'),
  symmetric: symmetricParameter(true),
  noise: parameter(z.number().positive().max(1).default(1), {
    label: 'Noise',
    step: 0.05,
    help: 'Share of the weights that is rounded at each step, drawn each time; below 1 this is Quant-Noise. Stored weights are always rounded.',
  }),
  noiseBlock: parameter(z.number().int().positive().default(1), {
    label: 'Noise block',
    max: 65_536,
    unit: 'weights',
    advanced: true,
    help: 'Consecutive weights of a row that Quant-Noise rounds or leaves together.',
  }),
  ...distillationParameters(),
  ...trainingParameters(TRAINING),
});

type Parameters = z.infer<typeof schema>;

/** Uses rounded weights in the forward pass and trains the unrounded ones. */
export const quantizationAwareTraining: ModelMethod<Parameters> = {
  id: 'quantization-aware-training',
  title: 'Quantization-aware training',
  paper:
    'Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference", section 3; Fan et al. 2020, "Training with Quantization Noise for Extreme Model Compression", section 4',
  summary:
    'Trains on the base with weights rounded in the forward pass, all of them or a random share, and stores the codes: the size of round-to-nearest, nearer to the base.',
  appliesTo: 'model',
  trains: true,
  schema,

  async compressModel(model, targets, parameters, context) {
    const settings = trainingSettings('quantization-aware-training', parameters, model.config);
    const objective = objectiveOf(context.training!.teacher, parameters);
    const scheme = schemeOf(parameters);
    const matrices: StraightThroughMatrix[] = [];
    const matrixOf = async (name: string, weight: LinearWeight) => {
      if (weight.factors) return undefined;
      if (!isSparse(weight) || weight.storesCodes) requireDense('quantization-aware-training', name, weight);
      if (scheme.groupSize !== undefined) requireGroupsDivide(name, weight.shape, scheme.groupSize);
      const matrix = await StraightThroughMatrix.of(weight, name, scheme);
      matrices.push(matrix);
      return matrix;
    };
    const hooks = () => noiseHooks(matrices, parameters, objective, context.signal);
    return trainVariant(model, { targets, matrixOf, settings, objective, hooks }, context);
  },
};

function schemeOf({ bits, groupSize, symmetric }: Parameters): QuantizationScheme {
  return { bits, strategy: groupSize === undefined ? 'channel' : 'group', groupSize, symmetric };
}

/**
 * Every matrix draws its own blocks at every step; single weights by default, as in the authors' code for scalar
 * quantization.
 */
function noiseHooks(
  matrices: readonly StraightThroughMatrix[],
  { noise, noiseBlock, seed }: Parameters,
  objective: Objective,
  signal: AbortSignal | undefined,
): StepHooks {
  if (noise === 1) return {};
  return {
    beforeStep(step) {
      matrices.forEach((matrix, index) =>
        matrix.setNoise({ share: noise, blockColumns: noiseBlock, seed: seed + index, step }),
      );
    },
    heldOutLoss(student, heldOut) {
      for (const matrix of matrices) matrix.setNoise(undefined);
      return heldOutLoss(student, objective, heldOut, signal);
    },
  };
}
