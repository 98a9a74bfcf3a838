import { yielding, type LongTask, partOf } from './long-task';
import { MIXED_UP } from './gram-matrix';
import { type Matrix, transpose, zeros } from './matrix';
import { copyFromPanel, product } from './matrix-product';
import { orthonormalizeColumns } from './orthonormalize-columns';
import { type HeapMatrix, PANEL, PanelHeap } from './panel-heap';
import { symmetricEigen } from './symmetric-eigen';

/** Eigenvectors that are settled have residuals below this share of the least wanted eigenvalue, */
const SETTLED = 1e-8;
/** or below this share of the greatest, where rounding lets none become smaller. */
const ROUNDING = 1e-14;
/** Eigenvalues that lie closer than this share of the greatest may be one eigenvalue, several times. */
const SAME = 1e-6;
/** The space grows by this factor from one look at its eigenvectors to the next, so that the last look costs the most. */
const LOOK_AFTER = 1.2;
const SEED = 1;

/**
 * The leading right singular vectors of A, where they are few: block Krylov iteration with a Rayleigh–Ritz step (Golub and
 * Underwood 1977, "The Block Lanczos Method for Computing Eigenvalues"; Musco and Musco 2015, "Randomized Block Krylov
 * Methods", algorithm 2), on AᵀA with full reorthogonalization. The space grows block by block until the residuals
 * say that the vectors are eigenvectors, so the result is not a randomized approximation.
 *
 * @param matrix [m, n], finite
 * @param rank far below n
 * @returns [rank, n], orthonormal rows; or nothing where a space of half the columns does not settle it, where a
 *   singular value that is wanted is rounding beside the greatest, or where one occurs as often as a block is wide, so
 *   that the space may not hold all its vectors
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
  let nextLook = rank + PANEL;
  while (space.dimension < limit) {
    const grows = space.grow();
    await yieldToEventLoop(space.dimension / limit);
    if (grows && space.dimension < Math.min(nextLook, limit)) continue;
    if (space.dimension < rank) return undefined;
    nextLook = Math.max(nextLook, space.dimension) * LOOK_AFTER;
    const share = space.dimension / limit;
    const projection = space.projection();
    const { values, vectors } = await symmetricEigen(projection, () => rank, partOf(task, share, share));
    if (space.residual(vectors) <= tolerance(values, rank)) {
      if (values[rank - 1] <= MIXED_UP * values[0] || mayRepeat(values, rank)) return undefined;
      return product(vectors, space.basis(), partOf(task, share, share));
    }
    if (!grows) return undefined;
  }
  return undefined;
}

const tolerance = (values: Float64Array, rank: number) =>
  Math.max(SETTLED * values[rank - 1], ROUNDING * values[0]);

/** Whether as many of the wanted eigenvalues as a block is wide are equal. */
function mayRepeat(values: Float64Array, rank: number): boolean {
  const leading = values.subarray(0, rank);
  return leading.some((value, index) => value - leading[index + PANEL - 1] <= SAME * values[0]);
}

/** Q, an orthonormal basis of the span of X, AᵀAX, (AᵀA)²X, …, and T = QᵀAᵀAQ. */
class KrylovSpace {
  /** Vectors whose products with AᵀA are known. */
  dimension = 0;
  private readonly heap: PanelHeap;
  private readonly a: HeapMatrix;
  private readonly aTransposed: HeapMatrix;
  /** Qᵀ [limit, n] and Q [n, limit]: the kernel multiplies from the left by both. */
  private readonly rows: HeapMatrix;
  private readonly columns: HeapMatrix;
  /** The block of Q that comes next, [n, PANEL]. */
  private readonly block: HeapMatrix;
  private readonly correction: HeapMatrix;
  /** A times the block, [m, PANEL]. */
  private readonly image: HeapMatrix;
  private readonly coefficients: HeapMatrix;
  private readonly t: Matrix;
  /** What AᵀA makes of the newest block beyond the space is the next block times R. */
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
   * Takes one block more into the space. Vectors of the next that depend on the space are 0 and stay so: they add eigenvalues
   * of 0 to T and nothing else.
   *
   * @returns false where that is all of them, so that the space is invariant
   */
  grow(): boolean {
    const { heap, block } = this;
    this.appendBlock();
    heap.multiply(this.a, block, this.image);
    heap.multiply(this.aTransposed, this.image, block);
    this.removeSpaceFromBlock();
    copyFromPanel(this.coefficients, this.dimension, this.t, 0, this.dimension - PANEL);
    this.r = orthonormalizeColumns(block, this.t.values[0]).r;
    // What rounding left of the space in vectors that were short is as long as it was beside them, so once more.
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
   * The greatest ‖AᵀA·x − θ·x‖ among x = Q·s, s an eigenvector of T: what AᵀA takes out of the space, that is R times the
   * last elements of s.
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

/** Uniform in ±1, the same every time: a linear congruential generator (Knuth, The Art of Computer Programming 2, 3.3.4). */
function fillRandomly(values: Float64Array): void {
  let state = SEED;
  for (let index = 0; index < values.length; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    values[index] = state / 2 ** 31 - 1;
  }
}
