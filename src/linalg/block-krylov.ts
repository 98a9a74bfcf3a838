import { yielding, type LongTask, partOf } from './long-task';
import { LEAST_EIGENVALUE_SHARE } from './gram-matrix';
import { type Matrix, transpose, zeros } from './matrix';
import { copyFromPanel, product } from './matrix-product';
import { orthonormalizeColumns } from './orthonormalize-columns';
import { type HeapMatrix, PANEL, PanelHeap } from './panel-heap';
import { symmetricEigen } from './symmetric-eigen';

/** Greatest residual of converged eigenvectors, as a share of the least wanted eigenvalue, */
const CONVERGED = 1e-8;
/** or as a share of the greatest, below which rounding prevents smaller residuals. */
const ROUNDING = 1e-14;
/** Eigenvalues closer than this share of the greatest may be one multiple eigenvalue. */
const SAME = 1e-6;
/** Growth of the space between two computations of its eigenvectors, so that the last one dominates the cost. */
const GROWTH_BETWEEN_CHECKS = 1.2;
const SEED = 1;

/**
 * A few leading right singular vectors of A: block Krylov iteration with a Rayleigh–Ritz step (Golub and Underwood 1977, "The
 * Block Lanczos Method for Computing Eigenvalues"; Musco and Musco 2015, "Randomized Block Krylov Methods", algorithm 2), on
 * AᵀA with full reorthogonalization. The space grows block by block until the residuals show that the vectors are
 * eigenvectors, so that the result is not a randomized approximation.
 *
 * @param matrix [m, n], finite
 * @param rank far below n
 * @returns [rank, n], orthonormal rows; undefined if a space of half the columns does not converge, if a wanted singular
 *   value is within rounding of the greatest, or if one is as often repeated as a block is wide, so that the space may lack
 *   some of its vectors
 */
export async function leadingRightVectors(
  matrix: Matrix,
  rank: number,
  task: LongTask = {},
): Promise<Matrix | undefined> {
  const yieldToEventLoop = yielding(task);
  const limit = Math.floor(matrix.columns / 2 / PANEL) * PANEL;
  const space = new KrylovSpace(matrix, limit);
  await yieldToEventLoop(0);
  let nextCheck = rank + PANEL;
  while (space.dimension < limit) {
    const grows = space.grow();
    await yieldToEventLoop(space.dimension / limit);
    if (grows && space.dimension < Math.min(nextCheck, limit)) continue;
    if (space.dimension < rank) return undefined;
    nextCheck = Math.max(nextCheck, space.dimension) * GROWTH_BETWEEN_CHECKS;
    const share = space.dimension / limit;
    const projection = space.projection();
    const { values, vectors } = await symmetricEigen(projection, () => rank, partOf(task, share, share));
    if (space.residual(vectors) <= tolerance(values, rank)) {
      if (values[rank - 1] <= LEAST_EIGENVALUE_SHARE * values[0] || mayRepeat(values, rank)) return undefined;
      return product(vectors, space.basis(), partOf(task, share, share));
    }
    if (!grows) return undefined;
  }
  return undefined;
}

const tolerance = (values: Float64Array, rank: number) =>
  Math.max(CONVERGED * values[rank - 1], ROUNDING * values[0]);

/** Whether as many wanted eigenvalues are equal as a block is wide. */
function mayRepeat(values: Float64Array, rank: number): boolean {
  const leading = values.subarray(0, rank);
  return leading.some((value, index) => value - leading[index + PANEL - 1] <= SAME * values[0]);
}

/** Orthonormal basis Q of the span of X, AᵀAX, (AᵀA)²X, …, and T = QᵀAᵀAQ. */
class KrylovSpace {
  dimension = 0;
  private readonly heap: PanelHeap;
  private readonly a: HeapMatrix;
  private readonly aTransposed: HeapMatrix;
  /** Qᵀ [limit, n] and Q [n, limit]: the kernel multiplies by both from the left. */
  private readonly rows: HeapMatrix;
  private readonly columns: HeapMatrix;
  /** Next block of Q, [n, PANEL]. */
  private readonly block: HeapMatrix;
  private readonly correction: HeapMatrix;
  /** A times the block, [m, PANEL]. */
  private readonly image: HeapMatrix;
  private readonly coefficients: HeapMatrix;
  private readonly t: Matrix;
  /** Part of AᵀA times the newest block that lies outside the space: the next block times R. */
  private r: Float64Array = new Float64Array(PANEL * PANEL);

  constructor(
    matrix: Matrix,
    private readonly limit: number,
  ) {
    const { rows: m, columns: n } = matrix;
    const shapes = [
      [m, n],
      [n, m],
      [limit, n],
      [n, limit],
      [n, PANEL],
      [n, PANEL],
      [m, PANEL],
      [limit, PANEL],
    ] as const;
    this.heap = new PanelHeap(shapes);
    [
      this.a,
      this.aTransposed,
      this.rows,
      this.columns,
      this.block,
      this.correction,
      this.image,
      this.coefficients,
    ] = shapes.map(([rows, columns]) => this.heap.allocate(rows, columns));
    this.a.values.set(matrix.values);
    this.aTransposed.values.set(transpose(matrix).values);
    this.t = zeros(limit, limit);
    fillRandomly(this.block.values);
    orthonormalizeColumns(this.block);
  }

  /**
   * Adds one block to the space. Vectors of the next block that depend on the space become and stay 0: they only add
   * eigenvalues of 0 to T.
   *
   * @returns false if all of them are 0, so that the space is invariant
   */
  grow(): boolean {
    const { heap, block } = this;
    this.appendBlock();
    heap.multiply(this.a, block, this.image);
    heap.multiply(this.aTransposed, this.image, block);
    this.removeSpaceFromBlock();
    copyFromPanel(this.coefficients, this.dimension, this.t, 0, this.dimension - PANEL);
    this.r = orthonormalizeColumns(block, this.t.values[0]).r;
    // Normalizing short vectors magnifies what rounding left of the space in them: orthogonalize once more.
    this.removeSpaceFromBlock();
    return orthonormalizeColumns(block).rank > 0;
  }

  /** T, [dimension, dimension]. */
  projection(): Matrix {
    const result = zeros(this.dimension, this.dimension);
    for (let row = 0; row < this.dimension; row++) {
      for (let column = row; column < this.dimension; column++) {
        const value = this.t.values[row * this.limit + column];
        result.values[row * this.dimension + column] = value;
        result.values[column * this.dimension + row] = value;
      }
    }
    return result;
  }

  /** Qᵀ, [dimension, n]. */
  basis(): Matrix {
    const { columns, values } = this.rows;
    return { rows: this.dimension, columns, values: values.subarray(0, this.dimension * columns) };
  }

  /**
   * Greatest ‖AᵀA·x − θ·x‖ among x = Q·s, s an eigenvector of T. AᵀA·x leaves the space by R times the last elements of s.
   *
   * @param vectors [count, dimension]
   */
  residual({ rows, columns, values }: Matrix): number {
    let greatest = 0;
    for (let vector = 0; vector < rows; vector++) {
      const last = values.subarray((vector + 1) * columns - PANEL, (vector + 1) * columns);
      const outside = Array.from({ length: PANEL }, (_, row) =>
        last.reduce((sum, value, column) => sum + this.r[row * PANEL + column] * value, 0),
      );
      greatest = Math.max(greatest, Math.hypot(...outside));
    }
    return greatest;
  }

  private appendBlock(): void {
    const n = this.block.rows;
    copyFromPanel(this.block, n, this.columns, 0, this.dimension);
    this.rows.values.set(transpose(this.block).values, this.dimension * n);
    this.dimension += PANEL;
  }

  /** coefficients = QᵀB, B ← B − Q · coefficients. */
  private removeSpaceFromBlock(): void {
    const { heap, block, correction, coefficients, dimension } = this;
    heap.multiply(this.rows, block, coefficients, { rows: dimension });
    heap.multiply(this.columns, coefficients, correction, { inner: dimension });
    for (let index = 0; index < block.values.length; index++) block.values[index] -= correction.values[index];
  }
}

/** Uniform in ±1 and reproducible: a linear congruential generator (Knuth, The Art of Computer Programming 2, 3.3.4). */
function fillRandomly(values: Float64Array): void {
  let state = SEED;
  for (let index = 0; index < values.length; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    values[index] = state / 2 ** 31 - 1;
  }
}
