import { type LongTask, partOf } from '../linalg/cooperate';
import { innerProduct, type Matrix, zeros } from '../linalg/matrix';
import { product } from '../linalg/matrix-product';
import { chooseGrid, decode, encode, type QuantizationScheme } from '../weights/quantization';

/** Shares of a group's greatest magnitude that are tried: 1, 0.95 … 0.55. */
const STEPS = 10;
const STEP = 0.05;

/**
 * Cuts off the greatest weights of each group of a row where the finer scale that this allows changes the group's share of the
 * output less (Lin et al. 2023, "AWQ", section 3.2; the shares that are tried are those of the authors' code). A group's
 * error is eᵀ H e with e its rounding error and H its block of the Hessian.
 *
 * @param weights [out, in]; overwritten
 * @param hessian Σ x xᵀ of the inputs that these weights meet, [in, in]
 * @param groupSize columns that share a scale; divides the width
 */
export async function clipGroups(
  weights: Matrix,
  hessian: Matrix,
  groupSize: number,
  precision: Pick<QuantizationScheme, 'bits' | 'symmetric'>,
  task: LongTask = {},
): Promise<void> {
  const { rows, columns } = weights;
  for (let left = 0; left < columns; left += groupSize) {
    const part = partOf(task, left / columns, (left + groupSize) / columns);
    const right = left + groupSize;
    const group = submatrix(weights, [0, rows], [left, right]);
    const block = submatrix(hessian, [left, right], [left, right]);
    const limits = await bestLimits(group, block, { ...precision, strategy: 'channel' }, part);
    const clamped = clampRows(group, limits);
    for (let row = 0; row < rows; row++) {
      const values = clamped.values.subarray(row * groupSize, (row + 1) * groupSize);
      weights.values.set(values, row * columns + left);
    }
  }
}

/** Of each row of a group the magnitude at which cutting it off changes the output least. */
async function bestLimits(
  group: Matrix,
  block: Matrix,
  scheme: QuantizationScheme,
  task: LongTask,
): Promise<Float64Array> {
  const greatest = greatestOfRows(group);
  const limits = greatest.slice();
  const least = new Float64Array(group.rows).fill(Infinity);
  for (let step = 0; step < STEPS; step++) {
    const tried = greatest.map((value) => value * (1 - step * STEP));
    const error = roundingError(group, tried, scheme);
    const weighted = await product(error, block, partOf(task, step / STEPS, (step + 1) / STEPS));
    for (let row = 0; row < group.rows; row++) {
      const start = row * group.columns;
      const lost = innerProduct(error.values, start, weighted.values, start, group.columns);
      if (lost < least[row]) [least[row], limits[row]] = [lost, tried[row]];
    }
  }
  return limits;
}

/** What the rows, cut off and rounded, have too much. */
function roundingError(group: Matrix, limits: Float64Array, scheme: QuantizationScheme): Matrix {
  const { rows, columns, values } = group;
  const clamped = clampRows(group, limits);
  const grid = chooseGrid(clamped.values, [rows, columns], scheme);
  const error = clamped.values.map((value, place) => {
    const row = Math.floor(place / columns);
    return decode(grid, row, encode(grid, row, value)) - values[place];
  });
  return { ...group, values: error };
}

function clampRows(group: Matrix, limits: Float64Array): Matrix {
  const values = group.values.map((value, place) => {
    const limit = limits[Math.floor(place / group.columns)];
    return Math.min(limit, Math.max(-limit, value));
  });
  return { ...group, values };
}

function greatestOfRows({ rows, columns, values }: Matrix): Float64Array {
  const greatest = new Float64Array(rows);
  values.forEach((value, place) => {
    const row = Math.floor(place / columns);
    greatest[row] = Math.max(greatest[row], Math.abs(value));
  });
  return greatest;
}

function submatrix(
  { columns, values }: Matrix,
  [top, bottom]: readonly [number, number],
  [left, right]: readonly [number, number],
): Matrix {
  const part = zeros(bottom - top, right - left);
  for (let row = top; row < bottom; row++)
    part.values.set(values.subarray(row * columns + left, row * columns + right), (row - top) * part.columns);
  return part;
}
