import { z } from 'zod';
import { partOf } from '../../linalg/long-task';
import { type Matrix, matrixFrom } from '../../linalg/matrix';
import {
  chooseGrid,
  decode,
  encode,
  type QuantizationGrid,
  type QuantizationScheme,
  scaleIndex,
} from '../../weights/quantization';
import { weightOnGrid } from '../../weights/quantize-weight';
import { ScaledWeight } from '../../weights/formats/scaled-weight';
import { searchAwqScales } from './awq-search';
import type { LinearStatistics } from '../calibration/calibration';
import { clipGroups } from './group-clipping';
import { type CalibratedMethod, RecipeError, type TargetMatrix } from '../method';
import { parameter } from '../../parameters/parameter';
import {
  requiredGroupSizeParameter,
  requireGroupsDivide,
  symmetricParameter,
} from './quantization-parameters';

const schema = z.strictObject({
  bits: parameter(z.literal([4, 3], { error: 'bits must be 4 or 3' }).default(4), {
    label: 'Bits',
    help: 'Bits of each weight; each group adds a scale (and a zero point).',
  }),
  groupSize: requiredGroupSizeParameter('The paper uses 128.'),
  symmetric: symmetricParameter(false, ', as in the paper'),
  clip: parameter(z.boolean().default(true), {
    label: 'Clipping',
    labels: { true: 'searched for each group', false: 'none' },
    help: 'Clips the greatest weights of a group, so that the quantization steps of the others become finer.',
  }),
});

type Parameters = z.infer<typeof schema>;

/** Rounding in groups, after scaling up the weights that meet large activations. */
export const awq: CalibratedMethod<Parameters> = {
  id: 'awq',
  title: 'AWQ',
  paper:
    'Lin et al. 2023, "AWQ: Activation-aware Weight Quantization for LLM Compression and Acceleration", section 3.2',
  summary:
    'Rounds to 4 or 3 bits in groups; weights that meet large activations are scaled up first and the activations scaled down, by scales searched on a calibration text.',
  appliesTo: 'matrix',
  schema,

  statistics: () => ['hessian', 'inputAbsoluteSums'],

  // The error of 20 candidates by the whole Hessian, of 10 by the blocks of the groups, and of the two options of
  // each row.
  multiplications: ([outputs, inputs], { clip, groupSize }) =>
    outputs * inputs * (20 * inputs + (clip ? 10 * groupSize + 2 * inputs : 0)),

  async compressCalibrated(target, statistics, parameters, context) {
    const { shape, weight } = target;
    const [, inputs] = shape;
    const scheme = schemeFor(target, parameters);
    const hessian = hessianOf(target, statistics);
    const means = Float64Array.from(statistics.get('inputAbsoluteSums'), (sum) => sum / statistics.tokens);
    const original = matrixFrom(target.values, ...shape);
    const { exponent, scales } = await searchAwqScales(
      original,
      hessian,
      means,
      scheme,
      partOf(context, 0, parameters.clip ? 0.8 : 1),
    );
    const scaled = {
      ...original,
      values: original.values.map((value, place) => value * scales[place % inputs]),
    };
    const clipped = rowsToClip(target, scaled);
    if (parameters.clip && clipped.rows > 0) {
      await clipGroups(clipped, hessianBehind(hessian, scales), parameters, partOf(context, 0.8, 1));
    }
    const grid = chooseGrid(scaled.values, shape, scheme);
    const inner = await weightOnGrid(weight, roundedTo(grid, scaled), grid);
    if (exponent === 0) return inner;
    return ScaledWeight.fromScales(
      Float32Array.from(scales, (scale) => 1 / scale),
      inner,
    );
  },
};

function schemeFor({ name, shape }: TargetMatrix, parameters: Parameters): QuantizationScheme {
  const { bits, groupSize, symmetric } = parameters;
  requireGroupsDivide(name, shape, groupSize);
  return { bits, symmetric, strategy: 'group', groupSize };
}

function hessianOf({ name, shape }: TargetMatrix, statistics: LinearStatistics): Matrix {
  const [, inputs] = shape;
  const sums = statistics.get('hessian');
  if (!sums.every(Number.isFinite)) {
    throw new RecipeError(
      `The calibration text gives ${name} inputs that are not finite; calibrate with another text.`,
    );
  }
  return matrixFrom(sums, inputs, inputs);
}

/**
 * Views of the rows of a matrix to clip: all but those of queries and keys, whose products clipping harms
 * (auto_clip.py of the authors' code leaves them out).
 */
function rowsToClip({ attentionRoles }: TargetMatrix, matrix: Matrix): Matrix {
  if (!attentionRoles) return matrix;
  const rows = attentionRoles.includes('value') ? matrix.rows / attentionRoles.length : 0;
  const first = attentionRoles.indexOf('value') * rows;
  const { columns, values } = matrix;
  return { rows, columns, values: values.subarray(first * columns, (first + rows) * columns) };
}

/** In float64, like the search: a clipped value lies exactly between two codes. */
function roundedTo(grid: QuantizationGrid, { columns, values }: Matrix): Float32Array {
  return Float32Array.from(values, (value, place) => {
    const column = place % columns;
    const scale = scaleIndex(grid, columns, (place - column) / columns, column);
    return decode(grid, scale, encode(grid, scale, value));
  });
}

/** The Hessian of the inputs divided by the scales. */
function hessianBehind({ rows, columns, values }: Matrix, scales: Float64Array): Matrix {
  const divided = values.map((value, place) => {
    const column = place % columns;
    return value / (scales[(place - column) / columns] * scales[column]);
  });
  return { rows, columns, values: divided };
}
