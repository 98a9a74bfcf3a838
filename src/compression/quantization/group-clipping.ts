import { type LongTask, partOf } from '../../linalg/long-task';
import { innerProduct, type Matrix, zeros } from '../../linalg/matrix';
import { product } from '../../linalg/matrix-product';
import { chooseGrid, decode, encode, type QuantizationScheme } from '../../weights/quantization';

/** Candidate shares of a group's greatest magnitude: 1, 0.95 … 0.55. */
const STEPS = 10;
const STEP = 0.05;

/** Rounding of the weights. */
export interface GroupRounding extends Pick<QuantizationScheme, 'bits' | 'symmetric'> {
  /** Columns that share a scale; divides the width. */
  readonly groupSize: number;
}

/**
 * Clips the greatest weights of each group of a row where the finer scale reduces the row's rounding error. The
 * limits are those of `groupLimits`; a row uses them only where they reduce its whole error, eᵀ H e, with e its
 * rounding error and H the whole Hessian: where inputs of different groups are correlated, the error of each group
 * may fall while the error of the row rises.
 *
 * @param weights [out, in]; overwritten
 * @param hessian Σ x xᵀ of the inputs of these weights, [in, in]
 */
export async function clipGroups(
  weights: Matrix,
  hessian: Matrix,
  rounding: GroupRounding,
  task: LongTask = {},
): Promise<void> {
  const { rows, columns } = weights;
  const limits = await groupLimits(weights, hessian, rounding, partOf(task, 0, 0.5));
  const clamped = clampGroups(weights, limits, rounding.groupSize);
  const [before, after] = [weights, clamped].map((cut) => roundingError(weights, cut, rounding));
  const lostBefore = await lostByRow(before, hessian, partOf(task, 0.5, 0.75));
  const lostAfter = await lostByRow(after, hessian, partOf(task, 0.75, 1));
  for (let row = 0; row < rows; row++) {
    if (lostAfter[row] >= lostBefore[row]) continue;
    weights.values.set(clamped.values.subarray(row * columns, (row + 1) * columns), row * columns);
  }
}

/**
 * The magnitude of each group of a row at which clipping changes the group's share of the output least (Lin et al.
 * 2023, "AWQ", section 3.2; the candidates are those of the authors' code). A group's error is eᵀ H e, with e its
 * rounding error and H its block of the Hessian.
 *
 * @returns [out, groups]
 */
export async function groupLimits(
  weights: Matrix,
  hessian: Matrix,
  rounding: GroupRounding,
  task: LongTask = {},
): Promise<Matrix> {
  const { groupSize } = rounding;
  const { rows, columns } = weights;
  const limits = zeros(rows, columns / groupSize);
  for (let number = 0; number < limits.columns; number++) {
    const part = partOf(task, number / limits.columns, (number + 1) / limits.columns);
    const [left, right] = [number * groupSize, (number + 1) * groupSize];
    const group = submatrix(weights, [0, rows], [left, right]);
    const block = submatrix(hessian, [left, right], [left, right]);
    const best = await bestLimits(group, block, rounding, part);
    best.forEach((limit, row) => (limits.values[row * limits.columns + number] = limit));
  }
  return limits;
}

/** The limit of each row of one group. */
async function bestLimits(
  group: Matrix,
  block: Matrix,
  rounding: GroupRounding,
  task: LongTask,
): Promise<Float64Array> {
  const greatest = greatestOfRows(group);
  const limits = greatest.slice();
  const least = new Float64Array(group.rows).fill(Infinity);
  for (let step = 0; step < STEPS; step++) {
    const tried = greatest.map((value) => value * (1 - step * STEP));
    const clamped = clampGroups(group, { rows: group.rows, columns: 1, values: tried }, group.columns);
    const error = roundingError(group, clamped, rounding);
    const lost = await lostByRow(error, block, partOf(task, step / STEPS, (step + 1) / STEPS));
    for (let row = 0; row < group.rows; row++)
      if (lost[row] < least[row]) [least[row], limits[row]] = [lost[row], tried[row]];
  }
  return limits;
}

/** Error of the weights after clipping and rounding in groups. */
function roundingError(
  weights: Matrix,
  clamped: Matrix,
  { groupSize, bits, symmetric }: GroupRounding,
): Matrix {
  const { rows, columns } = weights;
  const grid = chooseGrid(clamped.values, [rows, columns], { bits, symmetric, strategy: 'group', groupSize });
  const values = clamped.values.map((value, place) => {
    const scale = Math.floor(place / groupSize);
    return decode(grid, scale, encode(grid, scale, value)) - weights.values[place];
  });
  return { rows, columns, values };
}

/** eᵀ H e for each row e. */
async function lostByRow(error: Matrix, hessian: Matrix, task: LongTask): Promise<Float64Array> {
  const { rows, columns, values } = error;
  const weighted = await product(error, hessian, task);
  return Float64Array.from({ length: rows }, (_, row) =>
    innerProduct(values, row * columns, weighted.values, row * columns, columns),
  );
}

/** @param limits [out, groups] */
function clampGroups(weights: Matrix, limits: Matrix, groupSize: number): Matrix {
  const values = weights.values.map((value, place) => {
    const limit = limits.values[Math.floor(place / groupSize)];
    return Math.min(limit, Math.max(-limit, value));
  });
  return { ...weights, values };
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
