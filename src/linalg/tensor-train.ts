import type { LongTask } from './cooperate';
import { type Matrix, multiply, squaredNorm, transpose, zeros } from './matrix';
import { truncatedSvd } from './truncated-svd';

/** One core of a matrix product operator. */
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

/** How far to cut: a greatest rank between cores, or a bound on the relative error of the whole. */
export type TensorTrainLimit = { readonly maxRank: number } | { readonly relativeError: number };

/**
 * TT-SVD (Oseledets 2011, "Tensor-Train Decomposition", algorithm 1) of a matrix as a matrix product operator: index i of
 * the rows becomes (i1 … id) and j of the columns (j1 … jd), the first slowest; core k carries the pair (ik, jk). With an
 * error bound ε each of the d − 1 cuts may lose ε/√(d − 1) of the norm.
 *
 * @param matrix [product of rows, product of columns]
 */
export async function tensorTrainSvd(
  matrix: Matrix,
  rows: readonly number[],
  columns: readonly number[],
  limit: TensorTrainLimit,
  task: LongTask = {},
): Promise<TensorTrain> {
  const modes = rows.map((row, index) => row * columns[index]);
  const norm = Math.sqrt(squaredNorm(matrix));
  const allowed =
    'relativeError' in limit ? (limit.relativeError * norm) / Math.sqrt(Math.max(1, rows.length - 1)) : 0;
  let rest = pairIndices(matrix, rows, columns);
  let leftRank = 1;
  let lost = 0;
  const cores: TensorTrainCore[] = [];
  for (let k = 0; k + 1 < modes.length; k++) {
    const unfolded: Matrix = {
      rows: leftRank * modes[k],
      columns: rest.length / (leftRank * modes[k]),
      values: rest,
    };
    const before = squaredNorm(unfolded);
    const { u, right, rank } = await cut(unfolded, limit, allowed, {
      ...task,
      onProgress: (share) => task.onProgress?.((k + share) / (modes.length - 1)),
    });
    cores.push({ values: u.values, shape: [leftRank, rows[k], columns[k], rank] });
    rest = right.values;
    lost += Math.max(0, before - squaredNorm(right));
    leftRank = rank;
  }
  cores.push({ values: rest, shape: [leftRank, rows[rows.length - 1], columns[columns.length - 1], 1] });
  return { cores, relativeError: norm > 0 ? Math.sqrt(lost) / norm : 0 };
}

/** Orthonormal left vectors and what remains to be cut, uᵀ · matrix. */
async function cut(
  unfolded: Matrix,
  limit: TensorTrainLimit,
  allowed: number,
  task: LongTask,
): Promise<{ u: Matrix; right: Matrix; rank: number }> {
  const full = Math.min(unfolded.rows, unfolded.columns);
  const wanted = 'maxRank' in limit ? Math.min(full, limit.maxRank) : full;
  const { u, singularValues } = await truncatedSvd(unfolded, wanted, task);
  const rank = 'maxRank' in limit ? wanted : rankWithin(singularValues, allowed);
  const kept = firstColumns(u, rank);
  return { u: kept, right: multiply(transpose(kept), unfolded), rank };
}

/** The least rank whose discarded singular values have a norm of at most `allowed`. */
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

/** The tensor with modes (i1, j1), (i2, j2), … of W[(i1 … id), (j1 … jd)]. */
function pairIndices(matrix: Matrix, rows: readonly number[], columns: readonly number[]): Float64Array {
  const result = new Float64Array(matrix.values.length);
  const visit = (mode: number, row: number, column: number, target: number): void => {
    if (mode === rows.length) {
      result[target] = matrix.values[row * matrix.columns + column];
      return;
    }
    for (let i = 0; i < rows[mode]; i++) {
      for (let j = 0; j < columns[mode]; j++) {
        const next = (target * rows[mode] + i) * columns[mode] + j;
        visit(mode + 1, row * rows[mode] + i, column * columns[mode] + j, next);
      }
    }
  };
  visit(0, 0, 0, 0);
  return result;
}

/** The matrix that a train stands for, in float64. */
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
