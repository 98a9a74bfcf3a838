/**
 * Cholesky factors of small matrices in the caller's arrays (Golub and Van Loan, Matrix Computations, 4th ed., section 4.2).
 * For large ones see `cholesky.ts`.
 */

/**
 * Overwrites the lower triangle of a symmetric positive definite matrix with its factor L, A = L · Lᵀ.
 * @param a row-major [n, n]; only its lower triangle is read
 * @throws Error if a pivot is not positive
 */
export function factorInPlace(a: Float64Array, n: number): void {
  for (let row = 0; row < n; row++) {
    for (let column = 0; column <= row; column++) {
      let sum = a[row * n + column];
      for (let k = 0; k < column; k++) sum -= a[row * n + k] * a[column * n + k];
      if (row !== column) a[row * n + column] = sum / a[column * n + column];
      else if (sum > 0) a[row * n + row] = Math.sqrt(sum);
      else throw new Error(`The matrix is not positive definite: pivot ${row} of ${n} is ${sum}.`);
    }
  }
}

/** Overwrites b with the solution of L · Lᵀ · x = b. @param factor from `factorInPlace` */
export function solveInPlace(factor: Float64Array, n: number, b: Float64Array): void {
  for (let row = 0; row < n; row++) {
    let sum = b[row];
    for (let k = 0; k < row; k++) sum -= factor[row * n + k] * b[k];
    b[row] = sum / factor[row * n + row];
  }
  for (let row = n - 1; row >= 0; row--) {
    let sum = b[row];
    for (let k = row + 1; k < n; k++) sum -= factor[k * n + row] * b[k];
    b[row] = sum / factor[row * n + row];
  }
}
