import { inverseCholeskyFactor } from '../../linalg/cholesky';
import { type LongTask, partOf } from '../../linalg/long-task';
import { type Matrix, matrixFrom, zeros } from '../../linalg/matrix';
import {
  chooseGrid,
  chooseScale,
  decode,
  encode,
  type QuantizationGrid,
  type QuantizationScheme,
  scaleIndex,
} from '../../weights/quantization';
import { type ColumnRule, sweepColumns } from '../calibration/column-sweep';
import type { DampedHessian } from '../calibration/damped-hessian';

/** Columns after which the later ones are brought up to date as a whole (Frantar et al. 2022, section 3, step 2). */
const BLOCK_COLUMNS = 128;

export interface GptqScheme extends QuantizationScheme {
  readonly strategy: 'channel' | 'group';
  /** Columns in the order of how large their inputs are, the largest first, while most others can still make up for them. */
  readonly activationOrder: boolean;
}

/** What a matrix was rounded to. */
export interface RoundedMatrix {
  /** Row-major [out, in]; the grid holds each. */
  readonly values: Float32Array;
  readonly grid: QuantizationGrid;
}

/**
 * GPTQ (Frantar et al. 2022, section 3 and algorithm 1): column after column is rounded to its grid, and the columns that are
 * still to come make up for what the layer's output loses.
 *
 * The scales of rows, and of groups where `activationOrder` is asked for, are those of the given weights; otherwise a
 * group's are chosen when its first column is reached, from the weights as they are by then. So codes always stand in the
 * usual order of columns, and no table of which column has which scale is stored.
 *
 * @param values row-major of this shape
 * @param stays of each weight whether it may be other than 0; a 0 that stays is made up for, too
 */
export async function gptqRounding(
  values: Float32Array,
  [outputs, inputs]: readonly [number, number],
  { matrix, dead }: DampedHessian,
  scheme: GptqScheme,
  stays: (place: number) => boolean,
  task: LongTask = {},
): Promise<RoundedMatrix> {
  const alive = values.map((value, place) => (dead[place % inputs] ? 0 : value));
  const grid = chooseGrid(alive, [outputs, inputs], scheme);
  const order = scheme.activationOrder ? descendingDiagonal(matrix) : range(inputs);
  const groupSize = scheme.strategy === 'group' ? grid.groupSize : inputs;
  const isChosenOnTheWay = scheme.strategy === 'group' && !scheme.activationOrder;

  const factor = await inverseCholeskyFactor(reordered(matrix, order, order), partOf(task, 0, 0.5));
  const weights = reordered(matrixFrom(alive, outputs, inputs), range(outputs), order);
  const rule: ColumnRule = {
    replace(row, position, value) {
      const column = order[position];
      const scale = scaleIndex(grid, inputs, row, column);
      if (isChosenOnTheWay && position % groupSize === 0) {
        const start = row * inputs + position;
        const chosen = chooseScale(weights.values.subarray(start, start + groupSize), scheme);
        grid.scales[scale] = chosen.scale;
        grid.zeroPoints[scale] = chosen.zeroPoint;
      }
      if (!stays(row * inputs + column)) return 0;
      return decode(grid, scale, encode(grid, scale, value));
    },
  };
  const blockColumns = isChosenOnTheWay ? wholeGroups(groupSize) : BLOCK_COLUMNS;
  await sweepColumns(weights, factor, blockColumns, rule, partOf(task, 0.5, 1));
  return { values: Float32Array.from(reordered(weights, range(outputs), inverseOf(order)).values), grid };
}

/** A block's columns, such that a group that begins in it has no part beyond it, or begins with it. */
function wholeGroups(groupSize: number): number {
  if (groupSize <= BLOCK_COLUMNS) return Math.floor(BLOCK_COLUMNS / groupSize) * groupSize;
  return groupSize % BLOCK_COLUMNS === 0 ? BLOCK_COLUMNS : groupSize;
}

/** Indices of the diagonal from its greatest value to its least, equal ones in order. */
function descendingDiagonal({ rows, values }: Matrix): Uint32Array {
  const diagonal = Float64Array.from({ length: rows }, (_, index) => values[index * (rows + 1)]);
  return range(rows).sort((left, right) => diagonal[right] - diagonal[left] || left - right);
}

/** The matrix whose row i and column j are row `rowOrder[i]` and column `columnOrder[j]` of this one. */
function reordered(matrix: Matrix, rowOrder: Uint32Array, columnOrder: Uint32Array): Matrix {
  const result = zeros(matrix.rows, matrix.columns);
  for (let row = 0; row < matrix.rows; row++) {
    const from = rowOrder[row] * matrix.columns;
    const to = row * matrix.columns;
    for (let column = 0; column < matrix.columns; column++)
      result.values[to + column] = matrix.values[from + columnOrder[column]];
  }
  return result;
}

function inverseOf(order: Uint32Array): Uint32Array {
  const inverse = new Uint32Array(order.length);
  order.forEach((column, position) => {
    inverse[column] = position;
  });
  return inverse;
}

function range(count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, index) => index);
}
