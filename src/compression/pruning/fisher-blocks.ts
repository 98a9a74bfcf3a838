import { factorInPlace } from '../../linalg/small-cholesky';

/**
 * The empirical Fisher matrix of one weight matrix in blocks along its diagonal: F = λ·1 + 1/m Σ g gᵀ over m
 * gradients, with the matrix flattened row by row and the last block shorter (Kurtic et al. 2022, section 3.2).
 *
 * The paper adds one gradient after the other to F⁻¹ by the Woodbury formula (equation 7). Here the lower triangle of
 * each block is summed in float64 and inverted by its Cholesky factor on demand: the same matrix, with fewer
 * multiplications and without the loss of digits of a start at 1/λ.
 */
export class FisherBlocks {
  private readonly sums: Float64Array;
  private gradients = 0;

  /** @param size elements of the matrix */
  constructor(
    private readonly size: number,
    private readonly blockSize: number,
    private readonly damping: number,
  ) {
    this.sums = new Float64Array(FisherBlocks.bytes(size, blockSize) / Float64Array.BYTES_PER_ELEMENT);
  }

  /** Memory for a matrix of this many elements, in bytes. */
  static bytes(size: number, blockSize: number): number {
    return Math.ceil(size / blockSize) * triangle(blockSize) * Float64Array.BYTES_PER_ELEMENT;
  }

  get count(): number {
    return Math.ceil(this.size / this.blockSize);
  }

  /** Start of a block in the flattened matrix, and its number of elements. */
  range(block: number): { start: number; length: number } {
    const start = block * this.blockSize;
    return { start, length: Math.min(this.blockSize, this.size - start) };
  }

  /** @param values current weights; a gradient counts only where they are not zero, since zeros stay zero */
  add(gradient: Float32Array, values: Float32Array): void {
    const { sums } = this;
    for (let block = 0; block < this.count; block++) {
      const { start, length } = this.range(block);
      let offset = block * triangle(this.blockSize);
      for (let row = 0; row < length; row++) {
        const factor = values[start + row] === 0 ? 0 : gradient[start + row];
        if (factor !== 0) {
          for (let column = 0; column <= row; column++) {
            if (values[start + column] !== 0) sums[offset + column] += factor * gradient[start + column];
          }
        }
        offset += row + 1;
      }
    }
    this.gradients++;
  }

  /**
   * A block restricted to some of its rows and columns.
   * @param members within the block, ascending
   * @returns row-major [members, members], both triangles
   */
  block(block: number, members: ArrayLike<number>): Float64Array {
    const base = block * triangle(this.blockSize);
    const n = members.length;
    const result = new Float64Array(n * n);
    for (let row = 0; row < n; row++) {
      for (let column = 0; column <= row; column++) {
        const value = this.element(base, members[row], members[column]);
        result[row * n + column] = value;
        result[column * n + row] = value;
      }
    }
    return result;
  }

  /**
   * Part of a block times a vector: Σ F[member, other] · vector[other] over `others`, for each of `members`.
   * @param vector with one value for each of `others`
   */
  multiply(
    block: number,
    members: ArrayLike<number>,
    others: ArrayLike<number>,
    vector: Float64Array,
  ): Float64Array {
    const base = block * triangle(this.blockSize);
    const result = new Float64Array(members.length);
    for (let row = 0; row < members.length; row++) {
      let sum = 0;
      for (let column = 0; column < others.length; column++)
        sum += this.element(base, members[row], others[column]) * vector[column];
      result[row] = sum;
    }
    return result;
  }

  /** The diagonal of a block's inverse. */
  inverseDiagonal(block: number): Float64Array {
    const { length } = this.range(block);
    const factor = this.block(
      block,
      Array.from({ length }, (_, index) => index),
    );
    factorInPlace(factor, length);
    return inverseDiagonalOf(factor, length);
  }

  /** @param base start of the block's triangle */
  private element(base: number, row: number, column: number): number {
    if (row === column) return this.sums[base + triangle(row) + row] / this.gradients + this.damping;
    const index = row > column ? triangle(row) + column : triangle(column) + row;
    return this.sums[base + index] / this.gradients;
  }
}

/** Elements of a lower triangle of n rows, diagonal included. */
function triangle(n: number): number {
  return (n * (n + 1)) / 2;
}

/** The diagonal of (L · Lᵀ)⁻¹: squared norms of the columns of L⁻¹. @param factor row-major, lower triangle L */
function inverseDiagonalOf(factor: Float64Array, n: number): Float64Array {
  const diagonal = new Float64Array(n);
  const column = new Float64Array(n);
  for (let first = 0; first < n; first++) {
    let squares = 0;
    for (let row = first; row < n; row++) {
      let rest = row === first ? 1 : 0;
      for (let inner = first; inner < row; inner++) rest -= factor[row * n + inner] * column[inner];
      column[row] = rest / factor[row * n + row];
      squares += column[row] * column[row];
    }
    diagonal[first] = squares;
  }
  return diagonal;
}
