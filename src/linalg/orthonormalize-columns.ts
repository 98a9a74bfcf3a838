import { innerProduct, type Matrix, transpose } from './matrix';

/** Columns are dependent if less than this share of the scale remains after orthogonalization. */
const DEPENDENT = 1e-13;

/** B = Q·R. */
export interface ColumnFactors {
  /** [columns, columns], upper triangular. */
  readonly r: Float64Array;
  /** Number of columns that do not depend on those before them; the others are 0 in Q. */
  readonly rank: number;
}

/**
 * QR decomposition of a few columns by Gram–Schmidt, applied twice to each column (Golub and Van Loan, Matrix Computations,
 * 4th ed., section 5.2.8). Overwrites B with Q.
 *
 * @param b [n, columns]
 * @param scale length relative to which others are small; default: that of the first column
 */
export function orthonormalizeColumns(b: Matrix, scale?: number): ColumnFactors {
  const { rows: width, columns: n, values } = transpose(b);
  const r = new Float64Array(width * width);
  let rank = 0;
  for (let column = 0; column < width; column++) {
    const start = column * n;
    for (let repeat = 0; repeat < 2; repeat++) {
      for (let before = 0; before < column; before++) {
        const along = innerProduct(values, before * n, values, start, n);
        r[before * width + column] += along;
        for (let row = 0; row < n; row++) values[start + row] -= along * values[before * n + row];
      }
    }
    const length = Math.sqrt(innerProduct(values, start, values, start, n));
    scale ??= length;
    const depends = length <= DEPENDENT * scale;
    if (!depends) rank++;
    r[column * width + column] = length;
    for (let row = 0; row < n; row++) values[start + row] = depends ? 0 : values[start + row] / length;
  }
  b.values.set(transpose({ rows: width, columns: n, values }).values);
  return { r, rank };
}
