import { leadingRightVectors } from './block-krylov';
import { yielding, type LongTask, partOf } from './long-task';
import { gramMatrix, LEAST_EIGENVALUE_SHARE } from './gram-matrix';
import { addRowProduct, type Matrix, squaredNorm, transpose, zeros } from './matrix';
import { product } from './matrix-product';
import { orthogonalizeRows } from './orthogonalize-rows';
import { symmetricEigen } from './symmetric-eigen';

/** A ≈ U · diag(singularValues) · Vᵀ. */
export interface TruncatedSvd {
  /** [m, rank], orthonormal columns; for singular values of 0 they are 0 in U or in V. */
  readonly u: Matrix;
  /** Descending. */
  readonly singularValues: Float64Array;
  /** [n, rank], orthonormal columns; see `u`. */
  readonly v: Matrix;
  /** ‖A − U·S·Vᵀ‖F / ‖A‖F; 0 at full rank, where it is only rounding. */
  readonly residual: number;
}

/** Below this share of ‖A‖², ‖A‖² − ΣS² has lost its digits, and the residual is summed element by element. */
const CANCELLATION = 1e-6;

/** Below either number of columns (per wanted vector or in all) the Gram matrix's eigenvectors are faster. */
const KRYLOV_LEAST_COLUMNS_PER_VECTOR = 16;
const KRYLOV_LEAST_COLUMNS = 256;
/** Above this ratio they are faster, too: the iteration multiplies by the matrix twice at every step. */
const KRYLOV_MOST_ROWS_PER_COLUMN = 4;
/** Above this size the iteration's copies are not worth their memory, 512 MiB each. */
const KRYLOV_MOST_VALUES = 2 ** 26;

/**
 * Truncated singular value decomposition: the best approximation of this rank in the Frobenius norm (Eckart and Young 1936). V
 * comes from block Krylov iteration if few of many vectors are wanted, otherwise from the eigenvectors of the smaller Gram
 * matrix; one-sided Jacobi on A·V then restores the accuracy lost by squaring: singular values are exact to rounding relative
 * to the largest.
 *
 * @param matrix [m, n], finite
 * @param rank at most min(m, n)
 * @throws Error if the rank is invalid or a value is not finite; the signal's reason when cancelled
 */
export async function truncatedSvd(matrix: Matrix, rank: number, task: LongTask = {}): Promise<TruncatedSvd> {
  task.signal?.throwIfAborted();
  const limit = Math.min(matrix.rows, matrix.columns);
  if (!(Number.isInteger(rank) && rank >= 1 && rank <= limit)) {
    throw new Error(
      `A ${matrix.rows}×${matrix.columns} matrix cannot be truncated to rank ${rank}; use 1 to ${limit}.`,
    );
  }
  const total = squaredNorm(matrix);
  if (!Number.isFinite(total)) {
    throw new Error(
      `The ${matrix.rows}×${matrix.columns} matrix holds values that are NaN, infinite or too large to square; only finite ones can be factorized.`,
    );
  }
  // The stages report progress; between them only the signal is checked.
  const pause = yielding({ signal: task.signal });
  const wide = matrix.rows < matrix.columns;
  const tall = wide ? transpose(matrix) : matrix;
  await pause(0);
  const { left, right, singularValues } = await tallSvd(tall, rank, task);
  const retained = singularValues.reduce((sum, value) => sum + value * value, 0);
  let lost = rank === limit ? 0 : Math.max(0, total - retained);
  if (rank < limit && lost < CANCELLATION * total) {
    lost = await squaredDistance(tall, left, right, partOf(task, 0.9, 1));
  }
  await pause(0);
  const v = transpose(right);
  const u = unitColumns(transpose(left), singularValues);
  task.onProgress?.(1);
  return {
    u: wide ? v : u,
    singularValues,
    v: wide ? u : v,
    residual: total > 0 ? Math.sqrt(lost / total) : 0,
  };
}

interface ScaledSvd {
  /** [rank, m]: row i is σᵢ·uᵢ. */
  readonly left: Matrix;
  /** [rank, n]: row i is vᵢ. */
  readonly right: Matrix;
  readonly singularValues: Float64Array;
}

async function tallSvd(matrix: Matrix, rank: number, task: LongTask): Promise<ScaledSvd> {
  const vectors =
    (isForKrylov(matrix, rank) && (await leadingRightVectors(matrix, rank, partOf(task, 0, 0.5)))) ||
    (await rightVectorsByGram(matrix, rank, partOf(task, 0.5, 0.7)));
  const scaled = await product(matrix, transpose(vectors), partOf(task, 0.7, 0.8));
  const left = transpose(scaled);
  const lengths = await orthogonalizeRows(left, vectors, partOf(task, 0.8, 0.9));
  const order = Array.from(lengths.keys())
    .sort((i, j) => lengths[j] - lengths[i])
    .slice(0, rank);
  return {
    left: rowsInOrder(left, order),
    right: rowsInOrder(vectors, order),
    singularValues: Float64Array.from(order, (index) => lengths[index]),
  };
}

function isForKrylov({ rows, columns }: Matrix, rank: number): boolean {
  return (
    columns >= Math.max(KRYLOV_LEAST_COLUMNS, KRYLOV_LEAST_COLUMNS_PER_VECTOR * rank) &&
    rows <= KRYLOV_MOST_ROWS_PER_COLUMN * columns &&
    rows * columns <= KRYLOV_MOST_VALUES
  );
}

/**
 * [rank, n]. If the wanted part includes eigenvectors that are inaccurate through rounding, returns all n of them, which
 * Jacobi orthogonalizes before truncation.
 */
async function rightVectorsByGram(matrix: Matrix, rank: number, task: LongTask): Promise<Matrix> {
  const gram = await gramMatrix(matrix, partOf(task, 0, 0.3));
  const wanted = (values: Float64Array) =>
    values[rank - 1] > LEAST_EIGENVALUE_SHARE * values[0] ? rank : values.length;
  return (await symmetricEigen(gram, wanted, partOf(task, 0.3, 1))).vectors;
}

/** ‖A − leftᵀ · right‖F². */
async function squaredDistance(matrix: Matrix, left: Matrix, right: Matrix, task: LongTask): Promise<number> {
  const yieldToEventLoop = yielding(task);
  const columns = transpose(left);
  const approximation = new Float64Array(matrix.columns);
  let sum = 0;
  for (let row = 0; row < matrix.rows; row++) {
    approximation.fill(0);
    addRowProduct(columns, row, right, approximation);
    const start = row * matrix.columns;
    for (let column = 0; column < matrix.columns; column++) {
      sum += (matrix.values[start + column] - approximation[column]) ** 2;
    }
    await yieldToEventLoop(row / matrix.rows);
  }
  return sum;
}

function rowsInOrder({ columns, values }: Matrix, order: readonly number[]): Matrix {
  const result = zeros(order.length, columns);
  order.forEach((source, target) =>
    result.values.set(values.subarray(source * columns, (source + 1) * columns), target * columns),
  );
  return result;
}

function unitColumns({ rows, columns, values }: Matrix, lengths: Float64Array): Matrix {
  const result = zeros(rows, columns);
  for (let row = 0, index = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, index++)
      result.values[index] = lengths[column] > 0 ? values[index] / lengths[column] : 0;
  }
  return result;
}
