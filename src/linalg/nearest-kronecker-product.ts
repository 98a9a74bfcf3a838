import type { LongTask } from './long-task';
import { type Matrix, transpose, zeros } from './matrix';
import { product } from './matrix-product';
import { truncatedSvd } from './truncated-svd';

/** W ≈ Σ A_k ⊗ B_k. */
export interface KroneckerSum {
  /** [terms, aRows, aColumns] */
  readonly a: Float64Array;
  /** [terms, bRows, bColumns] */
  readonly b: Float64Array;
  /** ‖W − Σ A_k ⊗ B_k‖F / ‖W‖F; 0 with the greatest number of terms, where it is only rounding. */
  readonly relativeError: number;
}

/**
 * Best sum of Kronecker products in the Frobenius norm: the blocks of W become the rows of a matrix whose leading singular
 * pairs are the factors (Van Loan and Pitsianis 1993, "Approximation with Kronecker Products").
 *
 * Singular values are divided evenly: A_k and B_k have the same norm, which suits quantizing them.
 *
 * @param matrix [aRows·bRows, aColumns·bColumns]
 * @param terms at most min(aRows·aColumns, bRows·bColumns)
 * @throws Error if A does not divide the matrix, there are too many terms or a value is not finite
 */
export async function nearestKroneckerProduct(
  matrix: Matrix,
  [aRows, aColumns]: readonly [number, number],
  terms: number,
  task: LongTask = {},
): Promise<KroneckerSum> {
  const rearranged = rearrange(matrix, [aRows, aColumns]);
  const limit = Math.min(rearranged.rows, rearranged.columns);
  if (!(Number.isInteger(terms) && terms >= 1 && terms <= limit)) {
    throw new Error(
      `${matrix.rows}×${matrix.columns} with A of ${aRows}×${aColumns} has no sum of ${terms} Kronecker products; use 1 to ${limit} terms.`,
    );
  }
  const { u, singularValues, v, residual } = await truncatedSvd(rearranged, terms, task);
  return {
    a: termsOf(u, singularValues),
    b: termsOf(v, singularValues),
    relativeError: residual,
  };
}

/**
 * Makes block (i, j) of the matrix row (i, j), both row-major: [aRows·aColumns, bRows·bColumns]. May share the matrix's values.
 *
 * @throws Error if A does not divide the matrix
 */
export function rearrange(matrix: Matrix, [aRows, aColumns]: readonly [number, number]): Matrix {
  const bRows = matrix.rows / aRows;
  const bColumns = matrix.columns / aColumns;
  if (![aRows, aColumns, bRows, bColumns].every((size) => Number.isInteger(size) && size >= 1)) {
    throw new Error(
      `A of ${aRows}×${aColumns} does not divide ${matrix.rows}×${matrix.columns}; its rows must divide ${matrix.rows} and its columns ${matrix.columns}.`,
    );
  }
  // Blocks of one row are contiguous already; this avoids copying a large embedding.
  if (bRows === 1) return { rows: aRows * aColumns, columns: bColumns, values: matrix.values };
  const result = zeros(aRows * aColumns, bRows * bColumns);
  let target = 0;
  for (let i = 0; i < aRows; i++) {
    for (let j = 0; j < aColumns; j++) {
      for (let p = 0; p < bRows; p++) {
        const start = (i * bRows + p) * matrix.columns + j * bColumns;
        result.values.set(matrix.values.subarray(start, start + bColumns), target);
        target += bColumns;
      }
    }
  }
  return result;
}

/** Σ A_k ⊗ B_k, [aRows·bRows, aColumns·bColumns]. */
export async function expandKroneckerSum(
  { a, b }: KroneckerSum,
  [aRows, aColumns]: readonly [number, number],
  [bRows, bColumns]: readonly [number, number],
): Promise<Matrix> {
  const [aSize, bSize] = [aRows * aColumns, bRows * bColumns];
  const terms = a.length / aSize;
  const blocks = await product(transpose({ rows: terms, columns: aSize, values: a }), {
    rows: terms,
    columns: bSize,
    values: b,
  });
  const result = zeros(aRows * bRows, aColumns * bColumns);
  let source = 0;
  for (let i = 0; i < aRows; i++) {
    for (let j = 0; j < aColumns; j++) {
      for (let p = 0; p < bRows; p++) {
        const target = (i * bRows + p) * result.columns + j * bColumns;
        result.values.set(blocks.values.subarray(source, source + bColumns), target);
        source += bColumns;
      }
    }
  }
  return result;
}

/** Columns scaled by the square roots of the singular values, one after the other. */
function termsOf(vectors: Matrix, singularValues: Float64Array): Float64Array {
  const { rows, columns: terms } = vectors;
  const result = new Float64Array(rows * terms);
  for (let term = 0; term < terms; term++) {
    const scale = Math.sqrt(singularValues[term]);
    for (let row = 0; row < rows; row++)
      result[term * rows + row] = vectors.values[row * terms + term] * scale;
  }
  return result;
}
