import { yielding, type LongTask } from './long-task';
import type { Matrix } from './matrix';
import { diagonalize, undoRotations } from './tridiagonal-eigen';
import { tridiagonalForm } from './tridiagonal-form';

export interface EigenDecomposition {
  /** All eigenvalues, descending. */
  readonly values: Float64Array;
  /** [count, n]: row i is the unit eigenvector of value i. */
  readonly vectors: Matrix;
}

/** Eigenvectors computed together: n rows of them fit the second-level cache. */
const TOGETHER = 32;

/**
 * Leading eigenpairs of a symmetric matrix: Householder tridiagonalization, then implicit QL with Wilkinson's shifts
 * (Golub and Van Loan, Matrix Computations, 4th ed., sections 8.3.1 and 8.3.3). Values take O(n³) with a small constant,
 * each vector O(n²); float64.
 *
 * @param matrix [n, n], symmetric; overwritten
 * @param wanted number of eigenvectors to return, given the eigenvalues
 * @throws Error if the iteration does not converge, which does not happen with finite values
 */
export async function symmetricEigen(
  matrix: Matrix,
  wanted: (values: Float64Array) => number = (values) => values.length,
  task: LongTask = {},
): Promise<EigenDecomposition> {
  const n = matrix.rows;
  const yieldToEventLoop = yielding(task);
  const { diagonal, offDiagonal, reflectors } = await tridiagonalForm(matrix, (share) =>
    yieldToEventLoop(0.4 * share),
  );
  const sweeps = await diagonalize(diagonal, offDiagonal, (share) => yieldToEventLoop(0.4 + 0.1 * share));
  const order = Array.from(diagonal.keys()).sort((left, right) => diagonal[right] - diagonal[left]);
  const values = Float64Array.from(order, (index) => diagonal[index]);
  const count = wanted(values);
  const vectors = new Float64Array(count * n);
  for (let first = 0; first < count; first += TOGETHER) {
    const width = Math.min(TOGETHER, count - first);
    const columns = new Float64Array(n * width);
    for (let index = 0; index < width; index++) columns[order[first + index] * width + index] = 1;
    const share = (part: number) => yieldToEventLoop(0.5 + (0.5 * (first + part * width)) / count);
    await undoRotations(sweeps, columns, width, (part) => share(0.5 * part));
    await applyReflectors(reflectors, columns, width, (part) => share(0.5 + 0.5 * part));
    for (let index = 0; index < width; index++) {
      const start = (first + index) * n;
      for (let row = 0; row < n; row++) vectors[start + row] = columns[row * width + index];
    }
  }
  return { values, vectors: { rows: count, columns: n, values: vectors } };
}

/** Multiplies the columns, [n, width], by H₀H₁…. */
async function applyReflectors(
  reflectors: Float64Array,
  columns: Float64Array,
  width: number,
  yieldToEventLoop: (share: number) => Promise<void> | undefined,
): Promise<void> {
  const n = columns.length / width;
  const along = new Float64Array(width);
  for (let k = n - 2; k >= 0; k--) {
    along.fill(0);
    for (let row = k + 1; row < n; row++) {
      const factor = reflectors[k * n + row];
      for (let column = 0; column < width; column++) along[column] += factor * columns[row * width + column];
    }
    for (let row = k + 1; row < n; row++) {
      const factor = 2 * reflectors[k * n + row];
      for (let column = 0; column < width; column++) columns[row * width + column] -= factor * along[column];
    }
    await yieldToEventLoop(1 - k / n);
  }
}
