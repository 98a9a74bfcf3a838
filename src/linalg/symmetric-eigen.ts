import { breathing, type LongTask } from './cooperate';

/** Eigenvalues in descending order; row i of `vectors` (row-major) is the eigenvector of value i. */
export interface EigenDecomposition {
  readonly values: Float64Array;
  readonly vectors: Float64Array;
}

const MAX_SWEEPS = 60;

/**
 * Leading eigenpairs of a symmetric matrix: Householder tridiagonalization, then implicit QL with Wilkinson's shifts
 * (Golub and Van Loan, Matrix Computations, 4th ed., sections 8.3.1 and 8.3.3). O(n³), float64.
 *
 * @param matrix row-major n×n; overwritten
 * @param count eigenvectors to return
 */
export async function symmetricEigen(
  matrix: Float64Array,
  n: number,
  count = n,
  task: LongTask = {},
): Promise<EigenDecomposition> {
  const breathe = breathing(task);
  const { diagonal, offDiagonal, reflectors } = await tridiagonalize(matrix, n, (share) =>
    breathe(0.4 * share),
  );
  const rotations = new Float64Array(n * n);
  for (let index = 0; index < n; index++) rotations[index * n + index] = 1;
  await diagonalize(diagonal, offDiagonal, rotations, (share) => breathe(0.4 + 0.5 * share));
  const order = Array.from(diagonal.keys()).sort((left, right) => diagonal[right] - diagonal[left]);
  const vectors = new Float64Array(count * n);
  for (let rank = 0; rank < count; rank++) {
    const vector = vectors.subarray(rank * n, (rank + 1) * n);
    vector.set(rotations.subarray(order[rank] * n, (order[rank] + 1) * n));
    applyReflectors(reflectors, vector, n);
    await breathe(0.9 + (0.1 * rank) / count);
  }
  return { values: Float64Array.from(order, (index) => diagonal[index]), vectors };
}

type Breathe = (share: number) => Promise<void> | undefined;

interface Tridiagonal {
  readonly diagonal: Float64Array;
  /** Element i couples i and i + 1; the last is 0. */
  readonly offDiagonal: Float64Array;
  /** Row k holds the unit vector of reflection k, zero up to k. */
  readonly reflectors: Float64Array;
}

async function tridiagonalize(a: Float64Array, n: number, breathe: Breathe): Promise<Tridiagonal> {
  const reflectors = new Float64Array(n * n);
  const product = new Float64Array(n);
  for (let k = 0; k + 2 < n; k++) {
    const v = reflectors.subarray(k * n, (k + 1) * n);
    let norm = 0;
    for (let row = k + 1; row < n; row++) norm += a[row * n + k] ** 2;
    norm = Math.sqrt(norm);
    if (norm === 0) continue;
    const first = a[(k + 1) * n + k];
    const target = first > 0 ? -norm : norm;
    for (let row = k + 1; row < n; row++) v[row] = a[row * n + k];
    v[k + 1] -= target;
    let length = 0;
    for (let row = k + 1; row < n; row++) length += v[row] ** 2;
    length = Math.sqrt(length);
    for (let row = k + 1; row < n; row++) v[row] /= length;
    reflectSymmetric(a, n, k + 1, v, product);
    a[(k + 1) * n + k] = target;
    await breathe(1 - ((n - k) / n) ** 3);
  }
  const diagonal = Float64Array.from({ length: n }, (_, index) => a[index * n + index]);
  const offDiagonal = Float64Array.from({ length: n }, (_, index) =>
    index + 1 < n ? a[(index + 1) * n + index] : 0,
  );
  return { diagonal, offDiagonal, reflectors };
}

/** A ← H A H on the rows and columns from `start` on, with H = I − 2 v vᵀ. */
function reflectSymmetric(
  a: Float64Array,
  n: number,
  start: number,
  v: Float64Array,
  product: Float64Array,
): void {
  let along = 0;
  for (let row = start; row < n; row++) {
    let sum = 0;
    for (let column = start; column < n; column++) sum += a[row * n + column] * v[column];
    product[row] = 2 * sum;
    along += product[row] * v[row];
  }
  for (let row = start; row < n; row++) product[row] -= along * v[row];
  for (let row = start; row < n; row++) {
    const [vRow, productRow] = [v[row], product[row]];
    for (let column = start; column < n; column++) {
      a[row * n + column] -= vRow * product[column] + productRow * v[column];
    }
  }
}

/** Implicit QL; rotates the rows of `vectors` along, so that row i ends as the eigenvector of `d[i]`. */
async function diagonalize(
  d: Float64Array,
  e: Float64Array,
  vectors: Float64Array,
  breathe: Breathe,
): Promise<void> {
  const n = d.length;
  for (let low = 0; low < n; low++) {
    for (let sweep = 0; ; sweep++) {
      const high = firstNegligible(d, e, low);
      if (high === low) break;
      if (sweep === MAX_SWEEPS)
        throw new Error('The eigenvalue iteration did not converge; are the weights finite?');
      sweepDown(d, e, vectors, low, high);
      await breathe(low / n);
    }
  }
}

function firstNegligible(d: Float64Array, e: Float64Array, low: number): number {
  let high = low;
  while (high < d.length - 1) {
    const scale = Math.abs(d[high]) + Math.abs(d[high + 1]);
    if (Math.abs(e[high]) <= Number.EPSILON * scale) break;
    high++;
  }
  return high;
}

/** One implicit QL sweep over the unreduced block low..high. */
function sweepDown(d: Float64Array, e: Float64Array, vectors: Float64Array, low: number, high: number): void {
  const n = d.length;
  const slope = (d[low + 1] - d[low]) / (2 * e[low]);
  const root = Math.hypot(slope, 1);
  let bulge = d[high] - d[low] + e[low] / (slope + (slope >= 0 ? root : -root));
  let [cosine, sine, shift] = [1, 1, 0];
  for (let index = high - 1; index >= low; index--) {
    const f = sine * e[index];
    const b = cosine * e[index];
    const radius = Math.hypot(f, bulge);
    e[index + 1] = radius;
    if (radius === 0) {
      // The block splits here; the next sweep goes on with its parts.
      d[index + 1] -= shift;
      e[high] = 0;
      return;
    }
    sine = f / radius;
    cosine = bulge / radius;
    const g = d[index + 1] - shift;
    const r = (d[index] - g) * sine + 2 * cosine * b;
    shift = sine * r;
    d[index + 1] = g + shift;
    bulge = cosine * r - b;
    rotateRows(vectors, n, index, cosine, sine);
  }
  d[low] -= shift;
  e[low] = bulge;
  e[high] = 0;
}

function rotateRows(vectors: Float64Array, n: number, index: number, cosine: number, sine: number): void {
  const upper = index * n;
  const lower = upper + n;
  for (let column = 0; column < n; column++) {
    const f = vectors[lower + column];
    const g = vectors[upper + column];
    vectors[lower + column] = sine * g + cosine * f;
    vectors[upper + column] = cosine * g - sine * f;
  }
}

function applyReflectors(reflectors: Float64Array, vector: Float64Array, n: number): void {
  for (let k = n - 3; k >= 0; k--) {
    const start = k * n;
    let sum = 0;
    for (let index = k + 1; index < n; index++) sum += reflectors[start + index] * vector[index];
    if (sum === 0) continue;
    for (let index = k + 1; index < n; index++) vector[index] -= 2 * sum * reflectors[start + index];
  }
}
