import type * as tf from '@tensorflow/tfjs';
import { uploadTensor } from '../engines/webgpu/transfer';
import { factorInPlace, solveInPlace } from '../linalg/small-cholesky';

/** Matrix divided into blocks of `size` columns in each row. */
export interface MatrixBlocks {
  /** Row-major of this shape; the block size divides its columns. */
  readonly values: Float32Array;
  readonly shape: readonly [rows: number, columns: number];
  readonly size: number;
}

/** Damping of the diagonal, as a share of its mean, so that inputs without activations have an entry. */
const DAMPING = 1e-5;

/**
 * Distance of a block of weights from a codebook entry: (v − c)ᵀ G (v − c) with G = Σ x xᵀ over the activations x of the
 * block's columns. Each block of columns has its own G, or all share one. With G = L · Lᵀ this is the Euclidean distance
 * between Lᵀ v and Lᵀ c.
 */
export class BlockMetrics {
  private constructor(
    private readonly size: number,
    private readonly grams: readonly Float64Array[],
    private readonly factors: readonly Float64Array[],
  ) {}

  /** Euclidean metric, which weights all values equally. */
  static euclidean(size: number): BlockMetrics {
    return BlockMetrics.fromGrams(size, [identity(size)]);
  }

  /**
   * One G for all blocks of columns: the sum of the matrix's diagonal blocks.
   * @param gram Σ x xᵀ over tokens, row-major [columns, columns]
   */
  static shared(size: number, gram: Float32Array): BlockMetrics {
    const grams = diagonalBlocks(size, gram);
    const sum = new Float64Array(size * size);
    for (const block of grams) block.forEach((value, index) => (sum[index] += value));
    return BlockMetrics.fromGrams(size, [sum]);
  }

  /** One G for each block of columns. @param gram as in `shared` */
  static ofBlocks(size: number, gram: Float32Array): BlockMetrics {
    return BlockMetrics.fromGrams(size, diagonalBlocks(size, gram));
  }

  private static fromGrams(size: number, grams: readonly Float64Array[]): BlockMetrics {
    let trace = 0;
    for (const gram of grams) for (let k = 0; k < size; k++) trace += gram[k * size + k];
    const mean = trace / (grams.length * size);
    const damped = grams.map((gram) => {
      const copy = gram.slice();
      for (let k = 0; k < size; k++) copy[k * size + k] += mean > 0 ? DAMPING * mean : 1;
      return copy;
    });
    const factors = damped.map((gram) => {
      const factor = gram.slice();
      factorInPlace(factor, size);
      return factor;
    });
    return new BlockMetrics(size, damped, factors);
  }

  /** Lᵀ v of all blocks, [columns / size, rows, size filled up to fours]; the caller owns it. */
  uploadPoints({ values, shape: [rows, columns], size }: MatrixBlocks): tf.Tensor {
    const across = columns / size;
    const padded = paddedSize(size);
    const points = new Float32Array(across * rows * padded);
    for (let block = 0; block < across; block++) {
      const factor = this.factorOf(block);
      for (let row = 0; row < rows; row++) {
        multiplyTransposed(
          factor,
          size,
          values,
          row * columns + block * size,
          points,
          (block * rows + row) * padded,
        );
      }
    }
    return uploadTensor(points, [across, rows, padded]);
  }

  /** Lᵀ c of all entries in each metric, and half its squared norm. */
  transformed(codebook: Float64Array): {
    readonly values: Float32Array;
    readonly halfNorms: Float32Array;
    /** Number of metrics. */
    readonly sets: number;
    readonly padded: number;
  } {
    const { size } = this;
    const padded = paddedSize(size);
    const entries = codebook.length / size;
    const sets = this.factors.length;
    const values = new Float32Array(sets * entries * padded);
    const halfNorms = new Float32Array(sets * entries);
    this.factors.forEach((factor, set) => {
      for (let entry = 0; entry < entries; entry++) {
        const at = (set * entries + entry) * padded;
        multiplyTransposed(factor, size, codebook, entry * size, values, at);
        let norm = 0;
        for (let k = 0; k < size; k++) norm += values[at + k] ** 2;
        halfNorms[set * entries + entry] = norm / 2;
      }
    });
    return { values, halfNorms, sets, padded };
  }

  /**
   * Optimal entries for the blocks assigned to them: (Σ G)⁻¹ Σ G v, their mean if all share one G (the M-step of Stock et al.
   * 2019, for activations of full rank). An entry without blocks is unchanged.
   */
  bestEntries(
    { values, shape, size }: MatrixBlocks,
    indices: Int32Array,
    codebook: Float64Array,
  ): Float64Array {
    const [rows, columns] = shape;
    const across = columns / size;
    const entries = codebook.length / size;
    const weights = Array.from({ length: entries }, () => new Float64Array(size * size));
    const sums = Array.from({ length: entries }, () => new Float64Array(size));
    const counts = new Float64Array(entries);
    const sumsOfBlock = new Float64Array(entries * size);
    const share = this.grams.length === 1 ? across : 1;
    for (let first = 0; first < across; first += share) {
      counts.fill(0);
      sumsOfBlock.fill(0);
      for (let row = 0; row < rows; row++) {
        for (let block = first; block < first + share; block++) {
          const entry = indices[row * across + block];
          const at = row * columns + block * size;
          counts[entry]++;
          for (let k = 0; k < size; k++) sumsOfBlock[entry * size + k] += values[at + k];
        }
      }
      for (let entry = 0; entry < entries; entry++) {
        if (counts[entry] === 0) continue;
        const gram = this.gramOf(first);
        addScaled(weights[entry], gram, counts[entry]);
        addProduct(sums[entry], gram, sumsOfBlock.subarray(entry * size, (entry + 1) * size));
      }
    }
    const best = codebook.slice();
    for (let entry = 0; entry < entries; entry++) {
      if (weights[entry][0] === 0) continue;
      factorInPlace(weights[entry], size);
      solveInPlace(weights[entry], size, sums[entry]);
      best.set(sums[entry], entry * size);
    }
    return best;
  }

  private gramOf(block: number): Float64Array {
    return this.grams[this.grams.length === 1 ? 0 : block];
  }

  private factorOf(block: number): Float64Array {
    return this.factors[this.factors.length === 1 ? 0 : block];
  }
}

function paddedSize(size: number): number {
  return Math.ceil(size / 4) * 4;
}

function identity(size: number): Float64Array {
  return Float64Array.from({ length: size * size }, (_, index) => Number(index % (size + 1) === 0));
}

function diagonalBlocks(size: number, gram: Float32Array): Float64Array[] {
  const columns = Math.sqrt(gram.length);
  return Array.from({ length: columns / size }, (_, block) => {
    const first = block * size;
    return Float64Array.from(
      { length: size * size },
      (_, index) => gram[(first + Math.floor(index / size)) * columns + first + (index % size)],
    );
  });
}

/** to = Lᵀ · from, for `size` values from the given offsets. */
function multiplyTransposed(
  factor: Float64Array,
  size: number,
  from: ArrayLike<number>,
  fromAt: number,
  to: Float32Array,
  toAt: number,
): void {
  for (let column = 0; column < size; column++) {
    let sum = 0;
    for (let row = column; row < size; row++) sum += factor[row * size + column] * from[fromAt + row];
    to[toAt + column] = sum;
  }
}

function addScaled(sum: Float64Array, values: Float64Array, scale: number): void {
  for (let index = 0; index < sum.length; index++) sum[index] += scale * values[index];
}

/** sum += G · v */
function addProduct(sum: Float64Array, gram: Float64Array, v: Float64Array): void {
  const size = v.length;
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) sum[row] += gram[row * size + column] * v[column];
  }
}
