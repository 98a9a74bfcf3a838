import type { GroupPattern } from '../../weights/formats/n-of-m-weight';
import { z } from 'zod';
import { inverseCholeskyFactor } from '../../linalg/cholesky';
import { partOf } from '../../linalg/long-task';
import { type Matrix, matrixFrom } from '../../linalg/matrix';
import {
  chooseGrid,
  decode,
  encode,
  type QuantizationGrid,
  roundHalfToEven,
  scaleIndex,
} from '../../weights/quantization';
import { type ColumnRule, sweepColumns } from '../calibration/column-sweep';
import { dampedHessian } from '../calibration/damped-hessian';
import { type CalibratedMethod, RecipeError, type TargetMatrix } from '../method';
import { markLeast, markLeastOfGroups } from './saliency';
import {
  checkSparsity,
  groupPatternOf,
  PATTERN_PARAMETERS,
  requireWholeGroups,
  storePruned,
} from './sparsity-pattern';
import { parameter } from '../../parameters/parameter';
import {
  dampingParameter,
  groupSizeParameter,
  requireGroupsDivide,
} from '../quantization/quantization-parameters';

/** Bits of an unquantized value. */
const FLOAT_BITS = 32;

const schema = z.strictObject({
  ...PATTERN_PARAMETERS,
  bits: parameter(
    z
      .literal([FLOAT_BITS, 8, 4, 3, 2], { error: 'bits must be 32 (not quantized), 8, 4, 3 or 2' })
      .default(FLOAT_BITS),
    {
      label: 'Bits',
      labels: { [FLOAT_BITS]: '32 (not quantized)' },
      help: 'Below 32, the remaining weights are rounded to codes in the same pass, and later weights compensate for the rounding too.',
    },
  ),
  groupSize: groupSizeParameter('Left out: a whole row.'),
  blockSize: parameter(z.number().int().positive().default(128), {
    label: 'Block size',
    max: 4096,
    unit: 'columns',
    help: 'Number of columns over which the unstructured pattern is chosen at once; each block loses the same share.',
  }),
  damping: dampingParameter,
});

type Parameters = z.infer<typeof schema>;

/** One-shot pruning with the optimal brain surgeon's update: the remaining weights compensate for the removed ones. */
export const sparseGpt: CalibratedMethod<Parameters> = {
  id: 'sparsegpt',
  title: 'SparseGPT',
  paper:
    'Frantar and Alistarh 2023, "SparseGPT: Massive Language Models Can Be Accurately Pruned in One-Shot", section 3, algorithm 1',
  summary:
    'Sweeps over the columns once, removes the weights that cost the output least, and updates the later ones to compensate; optionally quantizes in the same pass. Needs a calibration text.',
  appliesTo: 'matrix',
  schema,

  statistics: () => ['hessian'],

  multiplications: (shape) => factorMultiplications(shape) + sweepMultiplications(shape),

  async compressCalibrated(target, statistics, parameters, context) {
    const { name, shape, values } = target;
    const [outputs, inputs] = shape;
    checkSparsity(parameters.pattern, parameters.sparsity);
    const groups = groupPatternOf(parameters.pattern);
    if (groups) requireGroupsFit(name, inputs, groups, parameters.blockSize);
    const grid = gridFor(target, parameters);
    const { matrix, dead } = dampedHessian(statistics, parameters.damping);
    const toFactor = factorMultiplications(shape);
    const share = toFactor / (toFactor + sweepMultiplications(shape));
    const factor = await inverseCholeskyFactor(matrix, partOf(context, 0, share));
    const weights = matrixFrom(values, outputs, inputs);
    weights.values.forEach((_, place) => {
      if (dead[place % inputs]) weights.values[place] = 0;
    });
    const rule = pruningRule(weights, factor, groups ?? parameters.sparsity!, grid);
    await sweepColumns(weights, factor, parameters.blockSize, rule, partOf(context, share, 1));
    return storePruned(Float32Array.from(weights.values), shape, groups, grid);
  },
};

/** The Cholesky factor and its inverse, a third of the width cubed together. */
function factorMultiplications([, inputs]: readonly [number, number]): number {
  return inputs ** 3 / 3;
}

function sweepMultiplications([outputs, inputs]: readonly [number, number]): number {
  return (outputs * inputs ** 2) / 2;
}

/**
 * Marks weights by the error w² / [H⁻¹]jj of removing them, a block of columns at once or group by group, and rounds
 * the others. Weights that are 0 at the start stay 0 and are the first to count as removed.
 * @param weights as updated by the sweep
 * @param pattern N:M, or the share of a block to remove
 */
function pruningRule(
  weights: Matrix,
  factor: Matrix,
  pattern: GroupPattern | number,
  grid: QuantizationGrid | undefined,
): ColumnRule {
  const { rows, columns, values } = weights;
  const gone = Uint8Array.from(values, (value) => (value === 0 ? 1 : 0));
  const saliency = (place: number, column: number) =>
    gone[place] ? -1 : (values[place] / factor.values[column * (columns + 1)]) ** 2;

  function markBlock(left: number, right: number, sparsity: number): void {
    const width = right - left;
    const saliencies = new Float64Array(rows * width);
    const placeOf = (index: number) => Math.floor(index / width) * columns + left + (index % width);
    let alreadyGone = 0;
    for (let index = 0; index < saliencies.length; index++) {
      const place = placeOf(index);
      alreadyGone += gone[place];
      saliencies[index] = saliency(place, left + (index % width));
    }
    const removed = Math.max(alreadyGone, roundHalfToEven(sparsity * saliencies.length));
    markLeast(saliencies, removed).forEach((mark, index) => {
      if (mark) gone[placeOf(index)] = 1;
    });
  }

  function markGroup(row: number, left: number, { kept, groupSize }: GroupPattern): void {
    const first = row * columns + left;
    const saliencies = Float64Array.from({ length: groupSize }, (_, index) =>
      saliency(first + index, left + index),
    );
    markLeastOfGroups(saliencies, kept, groupSize).forEach((mark, index) => {
      if (mark) gone[first + index] = 1;
    });
  }

  return {
    beginBlock(left, right) {
      if (typeof pattern === 'number') markBlock(left, right, pattern);
    },
    replace(row, column, value) {
      if (typeof pattern !== 'number' && column % pattern.groupSize === 0) markGroup(row, column, pattern);
      if (gone[row * columns + column]) return 0;
      if (!grid) return value;
      const scale = scaleIndex(grid, columns, row, column);
      return decode(grid, scale, encode(grid, scale, value));
    },
  };
}

/** A group is chosen from weights that are all up to date, so it must not extend into the next block. */
function requireGroupsFit(name: string, width: number, groups: GroupPattern, blockSize: number): void {
  requireWholeGroups(name, width, groups);
  const { kept, groupSize } = groups;
  if (blockSize % groupSize === 0) return;
  throw new RecipeError(
    `Blocks of ${blockSize} columns split groups of ${kept}:${groupSize}; choose a "blockSize" that is a multiple of ${groupSize}.`,
  );
}

/** Asymmetric grid chosen before any weight changes, one for each row or group of inputs, as in the paper's code. */
function gridFor(
  { name, shape, values }: TargetMatrix,
  { bits, groupSize }: Parameters,
): QuantizationGrid | undefined {
  if (bits === FLOAT_BITS) {
    if (groupSize === undefined) return undefined;
    throw new RecipeError(
      'A "groupSize" is for quantized values; set "bits" to 8, 4, 3 or 2, or leave it out.',
    );
  }
  if (groupSize === undefined)
    return chooseGrid(values, shape, { bits, strategy: 'channel', symmetric: false });
  requireGroupsDivide(name, shape, groupSize);
  return chooseGrid(values, shape, { bits, strategy: 'group', groupSize, symmetric: false });
}
