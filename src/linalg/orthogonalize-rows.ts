import { yielding, type LongTask } from './long-task';
import { gramMatrix } from './gram-matrix';
import { innerProduct, type Matrix, transpose } from './matrix';

/** Limit on sweeps; Jacobi converges quadratically, usually within ten. */
const MAX_SWEEPS = 60;
/** Least number of roundings assumed in an inner product and a rotation, for short rows. */
const MIN_ROUNDINGS = 64;

/**
 * One-sided Jacobi (Golub and Van Loan, Matrix Computations, 4th ed., section 8.6.3): rotates the rows of B, and those of Q
 * with them, until the rows of B are orthogonal. Qᵀ·B does not change. Rows that are nearly orthogonal already, such as those
 * from a Gram matrix's eigenvectors, take one or two sweeps.
 *
 * @param b [r, m]; overwritten
 * @param q [r, n]; overwritten
 * @returns lengths of the rows of B; lengths within rounding of the longest become 0, and so do their rows
 * @throws Error if the iteration does not converge, which does not happen with finite values
 */
export async function orthogonalizeRows(b: Matrix, q: Matrix, task: LongTask = {}): Promise<Float64Array> {
  const yieldToEventLoop = yielding(task);
  const lengthOf = (row: number) =>
    innerProduct(b.values, row * b.columns, b.values, row * b.columns, b.columns);
  const squares = Float64Array.from({ length: b.rows }, (_, row) => lengthOf(row));
  const rounding =
    (Number.EPSILON * Math.max(b.columns, q.columns)) ** 2 * squares.reduce((x, y) => Math.max(x, y), 0);
  // Bound on the rounding of an inner product, and so on the cosine of two rows.
  const orthogonal = Number.EPSILON * Math.max(b.columns, MIN_ROUNDINGS);
  const gram = await gramMatrix(transpose(b), { signal: task.signal });
  for (let sweep = 0, rotated = !isDiagonal(gram, orthogonal, rounding); rotated; sweep++) {
    if (sweep === MAX_SWEEPS)
      throw new Error('The singular value iteration did not converge; are the weights finite?');
    rotated = false;
    for (let i = 0; i < b.rows; i++) {
      for (let j = i + 1; j < b.rows; j++) {
        if (squares[i] <= rounding || squares[j] <= rounding) continue;
        const product = innerProduct(b.values, i * b.columns, b.values, j * b.columns, b.columns);
        if (Math.abs(product) <= orthogonal * Math.sqrt(squares[i] * squares[j])) continue;
        rotated = true;
        const [cosine, sine] = rotation(squares[i], squares[j], product);
        rotate(b, i, j, cosine, sine);
        rotate(q, i, j, cosine, sine);
        squares[i] = lengthOf(i);
        squares[j] = lengthOf(j);
      }
      await yieldToEventLoop((i + 1) / b.rows);
    }
  }
  for (let row = 0; row < b.rows; row++) {
    if (squares[row] > rounding) continue;
    squares[row] = 0;
    b.values.fill(0, row * b.columns, (row + 1) * b.columns);
  }
  return squares.map(Math.sqrt);
}

/** Whether the rows' inner products, computed by the fast kernel, are all negligible; ignores rows within rounding. */
function isDiagonal({ rows, values }: Matrix, orthogonal: number, rounding: number): boolean {
  const squareOf = (row: number) => values[row * rows + row];
  for (let i = 0; i < rows; i++) {
    for (let j = i + 1; j < rows; j++) {
      if (squareOf(i) <= rounding || squareOf(j) <= rounding) continue;
      if (Math.abs(values[i * rows + j]) > orthogonal * Math.sqrt(squareOf(i) * squareOf(j))) return false;
    }
  }
  return true;
}

/** Smaller of the two rotations that make vectors of these squared lengths and this inner product orthogonal. */
function rotation(left: number, right: number, product: number): [cosine: number, sine: number] {
  const cotangent = (right - left) / (2 * product);
  const tangent = (cotangent >= 0 ? 1 : -1) / (Math.abs(cotangent) + Math.hypot(1, cotangent));
  const cosine = 1 / Math.hypot(1, tangent);
  return [cosine, cosine * tangent];
}

function rotate({ values, columns }: Matrix, i: number, j: number, cosine: number, sine: number): void {
  const upper = i * columns;
  const lower = j * columns;
  for (let column = 0; column < columns; column++) {
    const f = values[upper + column];
    const g = values[lower + column];
    values[upper + column] = cosine * f - sine * g;
    values[lower + column] = sine * f + cosine * g;
  }
}
