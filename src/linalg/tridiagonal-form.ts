import { innerProduct, type Matrix } from './matrix';

/** A = H₀H₁…T…H₁H₀ with T symmetric and tridiagonal. */
export interface TridiagonalForm {
  readonly diagonal: Float64Array;
  /** Element i couples i and i + 1; the last is 0. */
  readonly offDiagonal: Float64Array;
  /** Row k holds the unit vector v of H_k = I − 2 v vᵀ, zero up to column k; all zero for H_k = I. */
  readonly reflectors: Float64Array;
}

/**
 * Householder tridiagonalization (Golub and Van Loan, Matrix Computations, 4th ed., section 8.3.1). Each update
 * A ← A − v wᵀ − w vᵀ is deferred to the next step, which computes A · v in the same pass over the lower triangle.
 *
 * @param matrix symmetric; its lower triangle is overwritten
 */
export async function tridiagonalForm(
  matrix: Matrix,
  yieldToEventLoop: (share: number) => Promise<void> | undefined,
): Promise<TridiagonalForm> {
  const n = matrix.rows;
  const a = matrix.values;
  const diagonal = new Float64Array(n);
  const offDiagonal = new Float64Array(n);
  const reflectors = new Float64Array(n * n);
  // Deferred update of the step before, of rows and columns from k on; initially zero.
  let previous = new Float64Array(n);
  let w = new Float64Array(n);
  const column = new Float64Array(n);
  for (let k = 0; k < n; k++) {
    for (let row = k; row < n; row++)
      column[row] = a[row * n + k] - previous[row] * w[k] - w[row] * previous[k];
    diagonal[k] = column[k];
    if (k + 1 === n) break;
    const v = reflectors.subarray(k * n, (k + 1) * n);
    offDiagonal[k] = reflector(column, k + 1, v);
    w = updateAndMultiply(a, n, k + 1, previous, w, v);
    const along = innerProduct(w, 0, v, 0, n);
    for (let row = k + 1; row < n; row++) w[row] = 2 * (w[row] - along * v[row]);
    previous = v;
    await yieldToEventLoop(1 - ((n - k) / n) ** 3);
  }
  return { diagonal, offDiagonal, reflectors };
}

/** Writes the unit vector whose reflection maps `column` from `start` on to a multiple of its first axis; returns that multiple. */
function reflector(column: Float64Array, start: number, v: Float64Array): number {
  const length = column.length - start;
  const first = column[start];
  const below = innerProduct(column, start + 1, column, start + 1, length - 1);
  if (below === 0) return first;
  const target = first > 0 ? -Math.sqrt(first * first + below) : Math.sqrt(first * first + below);
  const scale = 1 / Math.sqrt((first - target) ** 2 + below);
  for (let row = start; row < column.length; row++) v[row] = column[row] * scale;
  v[start] = (first - target) * scale;
  return target;
}

/** Updates A ← A − p wᵀ − w pᵀ on the lower triangle from `start` on, and returns the result times v. */
function updateAndMultiply(
  a: Float64Array,
  n: number,
  start: number,
  p: Float64Array,
  w: Float64Array,
  v: Float64Array,
): Float64Array<ArrayBuffer> {
  const product = new Float64Array(n);
  for (let row = start; row < n; row++) {
    const from = row * n;
    const pRow = p[row];
    const wRow = w[row];
    const vRow = v[row];
    let sum = 0;
    for (let column = start; column < row; column++) {
      const value = a[from + column] - pRow * w[column] - wRow * p[column];
      a[from + column] = value;
      sum += value * v[column];
      product[column] += value * vRow;
    }
    a[from + row] -= 2 * pRow * wRow;
    product[row] += sum + a[from + row] * vRow;
  }
  return product;
}
