import { yielding, type LongTask, partOf } from './long-task';
import { type Matrix, squaredNorm, transpose, zeros } from './matrix';
import { truncatedSvd } from './truncated-svd';

/** Core of a matrix product operator. */
export interface TensorTrainCore {
  /** Row-major [leftRank, row, column, rightRank]. */
  readonly values: Float64Array;
  readonly shape: readonly [leftRank: number, row: number, column: number, rightRank: number];
}

export interface TensorTrain {
  readonly cores: readonly TensorTrainCore[];
  /** ‖W − train‖F / ‖W‖F. */
  readonly relativeError: number;
}

/** Truncation: a greatest rank between cores, or a bound on the relative error of the whole. */
export type TensorTrainLimit = { readonly maxRank: number } | { readonly relativeError: number };

/**
 * TT-SVD (Oseledets 2011, "Tensor-Train Decomposition", algorithm 1) of a matrix as a matrix product operator: index i of
 * the rows becomes (i1 … id) and j of the columns (j1 … jd), the first slowest; core k carries the pair (ik, jk). With an
 * error bound ε each of the d − 1 cuts may lose ε/√(d − 1) of the norm.
 *
 * @param matrix [product of rows, product of columns]
 * @throws Error if rows and columns do not multiply to the matrix, the limit is invalid or a value is not finite
 */
export async function tensorTrainSvd(
  matrix: Matrix,
  rows: readonly number[],
  columns: readonly number[],
  limit: TensorTrainLimit,
  task: LongTask = {},
): Promise<TensorTrain> {
  checkModes(matrix, rows, columns);
  checkLimit(limit);
  const modes = rows.map((row, index) => row * columns[index]);
  const cuts = modes.length - 1;
  const total = squaredNorm(matrix);
  const norm = Math.sqrt(total);
  const allowed = 'relativeError' in limit ? (limit.relativeError * norm) / Math.sqrt(Math.max(1, cuts)) : 0;
  const pause = yielding({ signal: task.signal });
  let rest = pairIndices(matrix, rows, columns);
  let leftRank = 1;
  let lost = 0;
  const cores: TensorTrainCore[] = [];
  for (let k = 0; k < cuts; k++) {
    const height = leftRank * modes[k];
    const unfolded: Matrix = { rows: height, columns: rest.length / height, values: rest };
    // Parts that were cut off are orthogonal to what remains.
    const remaining = Math.max(0, total - lost);
    await pause(0);
    const part = partOf(task, k / cuts, (k + 1) / cuts);
    const cut = await cutInTwo(unfolded, remaining, limit, allowed, part);
    cores.push({ values: cut.left.values, shape: [leftRank, rows[k], columns[k], cut.rank] });
    rest = cut.right.values;
    lost += cut.lost;
    leftRank = cut.rank;
  }
  cores.push({ values: rest, shape: [leftRank, rows[cuts], columns[cuts], 1] });
  task.onProgress?.(1);
  return { cores, relativeError: norm > 0 ? Math.sqrt(lost) / norm : 0 };
}

function checkModes(matrix: Matrix, rows: readonly number[], columns: readonly number[]): void {
  const wrong = (['rows', 'columns'] as const).find((side) => {
    const sizes = side === 'rows' ? rows : columns;
    const product = sizes.reduce((left, right) => left * right, 1);
    return product !== matrix[side] || !sizes.every((size) => Number.isInteger(size) && size >= 1);
  });
  if (wrong) {
    const sizes = wrong === 'rows' ? rows : columns;
    throw new Error(
      `The ${wrong} ${sizes.join('·')} of a tensor train do not multiply to the ${matrix[wrong]} of the ${matrix.rows}×${matrix.columns} matrix.`,
    );
  }
  if (rows.length !== columns.length || rows.length === 0) {
    throw new Error(
      `A tensor train has as many rows as columns, at least one; these are ${rows.length} and ${columns.length}.`,
    );
  }
}

function checkLimit(limit: TensorTrainLimit): void {
  if ('maxRank' in limit && !(Number.isInteger(limit.maxRank) && limit.maxRank >= 1)) {
    throw new Error(
      `The greatest rank of a tensor train cannot be ${limit.maxRank}; use a whole number from 1.`,
    );
  }
  if ('relativeError' in limit && !(limit.relativeError >= 0 && limit.relativeError < 1)) {
    throw new Error(
      `A tensor train cannot aim at a relative error of ${limit.relativeError}; use 0 or more and less than 1.`,
    );
  }
}

interface Cut {
  /** [rows, rank], orthonormal columns. */
  readonly left: Matrix;
  /** Remainder, [rank, columns]. */
  readonly right: Matrix;
  readonly rank: number;
  /** ‖unfolded − left · right‖F². */
  readonly lost: number;
}

/** @param total ‖unfolded‖F² */
async function cutInTwo(
  unfolded: Matrix,
  total: number,
  limit: TensorTrainLimit,
  allowed: number,
  task: LongTask,
): Promise<Cut> {
  const full = Math.min(unfolded.rows, unfolded.columns);
  const wanted = 'maxRank' in limit ? Math.min(full, limit.maxRank) : full;
  const { u, singularValues, v, residual } = await truncatedSvd(unfolded, wanted, task);
  const rank = 'maxRank' in limit ? wanted : rankWithin(singularValues, allowed);
  const right = transpose(firstColumns(v, rank));
  for (let row = 0; row < rank; row++) {
    for (let index = row * right.columns; index < (row + 1) * right.columns; index++)
      right.values[index] *= singularValues[row];
  }
  const discarded = singularValues.subarray(rank).reduce((sum, value) => sum + value * value, 0);
  return {
    left: firstColumns(u, rank),
    right,
    rank,
    lost: discarded + residual ** 2 * total,
  };
}

/** Least rank whose discarded singular values have a norm of at most `allowed`. */
function rankWithin(singularValues: Float64Array, allowed: number): number {
  let rank = singularValues.length;
  let discarded = 0;
  while (rank > 1) {
    discarded += singularValues[rank - 1] ** 2;
    if (Math.sqrt(discarded) > allowed) break;
    rank--;
  }
  return rank;
}

function firstColumns(matrix: Matrix, count: number): Matrix {
  if (count === matrix.columns) return matrix;
  const result = zeros(matrix.rows, count);
  for (let row = 0; row < matrix.rows; row++) {
    const start = row * matrix.columns;
    result.values.set(matrix.values.subarray(start, start + count), row * count);
  }
  return result;
}

/** Tensor of W[(i1 … id), (j1 … jd)] with modes (i1, j1), (i2, j2), …. */
function pairIndices(matrix: Matrix, rows: readonly number[], columns: readonly number[]): Float64Array {
  const result = new Float64Array(matrix.values.length);
  const last = rows.length - 1;
  const copyLastMode = (row: number, column: number, target: number): void => {
    for (let i = 0; i < rows[last]; i++) {
      const source = (row + i) * matrix.columns + column;
      for (let j = 0; j < columns[last]; j++) result[target++] = matrix.values[source + j];
    }
  };
  // `row` and `column` index the modes so far, `target` their pairs.
  const visit = (mode: number, row: number, column: number, target: number): void => {
    const [height, width] = [rows[mode], columns[mode]];
    if (mode === last) return copyLastMode(row * height, column * width, target * height * width);
    for (let i = 0; i < height; i++) {
      for (let j = 0; j < width; j++)
        visit(mode + 1, row * height + i, column * width + j, (target * height + i) * width + j);
    }
  };
  visit(0, 0, 0, 0);
  return result;
}

/** Matrix that a train represents, in float64. */
export function contractTensorTrain(cores: readonly TensorTrainCore[]): Matrix {
  // [rows so far, columns so far, rank]
  let [rows, columns, rank] = [1, 1, 1];
  let values: Float64Array = Float64Array.of(1);
  for (const {
    values: core,
    shape: [left, row, column, right],
  } of cores) {
    const next = new Float64Array(rows * row * columns * column * right);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        for (let l = 0; l < left; l++) {
          const factor = values[(i * columns + j) * rank + l];
          if (factor === 0) continue;
          for (let p = 0; p < row; p++) {
            for (let q = 0; q < column; q++) {
              const source = ((l * row + p) * column + q) * right;
              const target = ((i * row + p) * (columns * column) + j * column + q) * right;
              for (let r = 0; r < right; r++) next[target + r] += factor * core[source + r];
            }
          }
        }
      }
    }
    [values, rows, columns, rank] = [next, rows * row, columns * column, right];
  }
  return { rows, columns, values };
}
