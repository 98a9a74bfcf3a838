import { z } from 'zod';
import { W8A8Weight } from '../../weights/formats/w8a8-weight';
import type { LinearStatistics } from '../calibration/calibration';
import { type CalibratedMethod, RecipeError, type TargetMatrix } from '../method';
import { parameter } from '../../parameters/parameter';

const schema = z.strictObject({
  migrationStrength: parameter(z.number().min(0).max(1).default(0.5), {
    label: 'Migration strength α',
    step: 0.05,
    help: 'Share of the quantization difficulty that moves from the activations to the weights: 0.5 shares it, 1 moves all.',
  }),
});

type Parameters = z.infer<typeof schema>;

/** Lower bound on the greatest weight of an input and on a scale, as in the authors' code. */
const LEAST = 1e-5;

/** Weights and activations as 8-bit integers, after moving outliers of the activations into the weights. */
export const smoothquant: CalibratedMethod<Parameters> = {
  id: 'smoothquant',
  title: 'SmoothQuant',
  paper:
    'Xiao et al. 2022, "SmoothQuant: Accurate and Efficient Post-Training Quantization for Large Language Models", section 4, equations 3 and 4',
  summary:
    'Weights and activations in 8 bits (W8A8), multiplied as integers; large inputs are scaled down and their weights up first, using statistics of a calibration text.',
  appliesTo: 'matrix',
  schema,

  statistics: () => ['inputAbsoluteMaxima'],

  async compressCalibrated(target, statistics, { migrationStrength }) {
    const { values, shape } = target;
    const [, inputs] = shape;
    const scales = smoothingScales(target, statistics, migrationStrength);
    const smoothed = values.map((value, place) => value * scales[place % inputs]);
    return W8A8Weight.fromValues(
      smoothed,
      shape,
      Float32Array.from(scales, (scale) => 1 / scale),
    );
  },
};

/**
 * s_j = max |X_j|^α / max |W_j|^(1 − α), by which inputs are divided and their weights multiplied; 1 for an input
 * that is always 0.
 */
function smoothingScales(
  { name, values, shape: [, inputs] }: TargetMatrix,
  statistics: LinearStatistics,
  alpha: number,
): Float64Array {
  const inputMaxima = statistics.get('inputAbsoluteMaxima');
  if (!inputMaxima.every(Number.isFinite)) {
    throw new RecipeError(
      `The calibration text gives ${name} inputs that are not finite; calibrate with another text.`,
    );
  }
  const weightMaxima = new Float64Array(inputs).fill(LEAST);
  values.forEach((value, place) => {
    const input = place % inputs;
    weightMaxima[input] = Math.max(weightMaxima[input], Math.abs(value));
  });
  return Float64Array.from(inputMaxima, (maximum, input) =>
    maximum === 0 ? 1 : Math.max(maximum ** alpha / weightMaxima[input] ** (1 - alpha), LEAST),
  );
}
