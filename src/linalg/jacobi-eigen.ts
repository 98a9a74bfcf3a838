/** Upper bound on sweeps; small matrices converge earlier. */
const MOST_SWEEPS = 30;
/** Greatest sum of squared off-diagonal entries at convergence, as a share of the squared norm. */
const CONVERGED = 1e-30;

/**
 * Eigenpairs of a small symmetric matrix by cyclic Jacobi rotations (Golub and Van Loan, Matrix Computations, 4th ed.,
 * section 8.5.3), in place and without allocating: for many matrices of at most a few dozen rows.
 *
 * @param matrix row-major [n, n] at the beginning of a buffer, finite; its diagonal becomes the eigenvalues, unordered
 * @param vectors row-major [n, n]: row i becomes the unit eigenvector of eigenvalue i
 */
export function jacobiEigen(matrix: Float64Array, vectors: Float64Array, n: number): void {
  vectors.fill(0, 0, n * n);
  let norm = 0;
  for (let index = 0; index < n * n; index++) norm += matrix[index] * matrix[index];
  for (let row = 0; row < n; row++) vectors[row * n + row] = 1;
  for (let sweep = 0; sweep < MOST_SWEEPS; sweep++) {
    let offDiagonal = 0;
    for (let row = 0; row < n; row++) {
      for (let column = row + 1; column < n; column++) offDiagonal += matrix[row * n + column] ** 2;
    }
    if (offDiagonal <= CONVERGED * norm) return;
    for (let p = 0; p < n - 1; p++) {
      for (let q = p + 1; q < n; q++) rotate(matrix, vectors, n, p, q);
    }
  }
}

/** Zeroes entry (p, q). */
function rotate(matrix: Float64Array, vectors: Float64Array, n: number, p: number, q: number): void {
  const entry = matrix[p * n + q];
  if (entry === 0) return;
  const ratio = (matrix[q * n + q] - matrix[p * n + p]) / (2 * entry);
  const tangent = (ratio >= 0 ? 1 : -1) / (Math.abs(ratio) + Math.sqrt(ratio * ratio + 1));
  const cosine = 1 / Math.sqrt(tangent * tangent + 1);
  const sine = tangent * cosine;
  for (let index = 0; index < n; index++) {
    const [first, second] = [matrix[index * n + p], matrix[index * n + q]];
    matrix[index * n + p] = cosine * first - sine * second;
    matrix[index * n + q] = sine * first + cosine * second;
  }
  rotateRows(matrix, n, p, q, cosine, sine);
  rotateRows(vectors, n, p, q, cosine, sine);
}

function rotateRows(
  values: Float64Array,
  n: number,
  p: number,
  q: number,
  cosine: number,
  sine: number,
): void {
  for (let left = p * n, right = q * n, end = left + n; left < end; left++, right++) {
    const [first, second] = [values[left], values[right]];
    values[left] = cosine * first - sine * second;
    values[right] = sine * first + cosine * second;
  }
}
