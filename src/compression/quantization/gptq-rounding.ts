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

/** Columns between updates of all later columns (Frantar et al. 2022, section 3, step 2). */
const BLOCK_COLUMNS = 128;

export interface GptqScheme extends QuantizationScheme {
  readonly strategy: 'channel' | 'group';
  /** Process the columns of the largest inputs first, while most other columns can still compensate. */
  readonly activationOrder: boolean;
}

/** Result of rounding a matrix. */
export interface RoundedMatrix {
  /** Row-major [out, in]; each value is on the grid. */
  readonly values: Float32Array;
  readonly grid: QuantizationGrid;
}

/**
 * GPTQ (Frantar et al. 2022, section 3 and algorithm 1): rounds column after column to its grid, while the remaining
 * columns compensate for the change of the layer's output.
 *
 * The scales of rows, and of groups with `activationOrder`, are those of the given weights; otherwise a group's
 * scales are chosen when its first column is reached, from the updated weights. Codes are therefore always in the
 * usual order of columns, and no column order is stored.
 *
 * @param values row-major of this shape
 * @param stays for each weight whether it may be nonzero; zeros that stay are compensated for, too
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

/** Block boundaries such that a group that begins in a block ends in it, or begins with it. */
function wholeGroups(groupSize: number): number {
  if (groupSize <= BLOCK_COLUMNS) return Math.floor(BLOCK_COLUMNS / groupSize) * groupSize;
  return groupSize % BLOCK_COLUMNS === 0 ? BLOCK_COLUMNS : groupSize;
}

/** Indices of the diagonal from its greatest value to its least, equal ones in order. */
function descendingDiagonal({ rows, values }: Matrix): Uint32Array {
  const diagonal = Float64Array.from({ length: rows }, (_, index) => values[index * (rows + 1)]);
  return range(rows).sort((left, right) => diagonal[right] - diagonal[left] || left - right);
}

/** The permuted matrix whose row i and column j are row `rowOrder[i]` and column `columnOrder[j]` of this one. */
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
