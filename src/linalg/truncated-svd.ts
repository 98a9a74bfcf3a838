import { breathing, type LongTask } from './cooperate';
import { addRowProduct, type Matrix, squaredNorm, transpose, zeros } from './matrix';
import { symmetricEigen } from './symmetric-eigen';

/** A ≈ U · diag(singularValues) · Vᵀ. */
export interface TruncatedSvd {
  /** [m, rank], orthonormal columns. */
  readonly u: Matrix;
  /** Descending. */
  readonly singularValues: Float64Array;
  /** [n, rank], orthonormal columns. */
  readonly v: Matrix;
  /** ‖A − U·S·Vᵀ‖F / ‖A‖F. */
  readonly residual: number;
}

/** Through the Gram matrix a singular value below this share of the greatest is noise; it is taken as zero. */
const NEGLIGIBLE = 3e-8;

/**
 * The leading part of the singular value decomposition, by the eigenvectors of the smaller Gram matrix in float64: the best
 * approximation of this rank in the Frobenius norm (Eckart and Young 1936). The subspace is exact to about 1e-8, so the
 * residual differs from the best one by less than 1e-15 relative.
 *
 * @param matrix [m, n]
 * @param rank at most min(m, n)
 */
export async function truncatedSvd(matrix: Matrix, rank: number, task: LongTask = {}): Promise<TruncatedSvd> {
  const limit = Math.min(matrix.rows, matrix.columns);
  if (!(rank >= 1 && rank <= limit)) {
    throw new Error(`A ${matrix.rows}×${matrix.columns} matrix has no rank of ${rank}; use 1 to ${limit}.`);
  }
  if (matrix.rows < matrix.columns) {
    const { u, v, ...rest } = await truncatedSvd(transpose(matrix), rank, task);
    return { u: v, v: u, ...rest };
  }
  const n = matrix.columns;
  const gram = await gramMatrix(matrix, { ...task, onProgress: (share) => task.onProgress?.(0.3 * share) });
  const { values, vectors } = await symmetricEigen(gram, n, rank, {
    ...task,
    onProgress: (share) => task.onProgress?.(0.3 + 0.6 * share),
  });
  const v = transpose({ rows: rank, columns: n, values: vectors });
  const singularValues = Float64Array.from({ length: rank }, (_, index) =>
    Math.sqrt(Math.max(0, values[index])),
  );
  const u = await leftVectors(matrix, v, singularValues, {
    ...task,
    onProgress: (share) => task.onProgress?.(0.9 + 0.1 * share),
  });
  const total = squaredNorm(matrix);
  const kept = singularValues.reduce((sum, value) => sum + value * value, 0);
  return { u, singularValues, v, residual: total > 0 ? Math.sqrt(Math.max(0, total - kept) / total) : 0 };
}

/** AᵀA, row by row of A; the upper triangle, then mirrored. */
async function gramMatrix({ rows, columns, values }: Matrix, task: LongTask): Promise<Float64Array> {
  const breathe = breathing(task);
  const gram = new Float64Array(columns * columns);
  for (let row = 0; row < rows; row++) {
    const start = row * columns;
    for (let left = 0; left < columns; left++) {
      const factor = values[start + left];
      if (factor === 0) continue;
      for (let right = left; right < columns; right++)
        gram[left * columns + right] += factor * values[start + right];
    }
    await breathe(row / rows);
  }
  for (let left = 0; left < columns; left++) {
    for (let right = 0; right < left; right++) gram[left * columns + right] = gram[right * columns + left];
  }
  return gram;
}

/** U = A · V / singular values, the negligible ones giving zero columns. */
async function leftVectors(
  matrix: Matrix,
  v: Matrix,
  singularValues: Float64Array,
  task: LongTask,
): Promise<Matrix> {
  const breathe = breathing(task);
  const rank = singularValues.length;
  const u = zeros(matrix.rows, rank);
  const inverse = singularValues.map((value) => (value > NEGLIGIBLE * singularValues[0] ? 1 / value : 0));
  for (let index = 0; index < rank; index++) if (inverse[index] === 0) singularValues[index] = 0;
  for (let row = 0; row < matrix.rows; row++) {
    const target = u.values.subarray(row * rank, (row + 1) * rank);
    addRowProduct(matrix, row, v, target);
    for (let index = 0; index < rank; index++) target[index] *= inverse[index];
    await breathe(row / matrix.rows);
  }
  return u;
}
