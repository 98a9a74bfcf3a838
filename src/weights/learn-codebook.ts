import { readTensorBytes, uploadTensor } from '../engines/webgpu/transfer';
import { nearestCentroids } from '../engines/webgpu/kernels/formats/nearest-centroids';
import type { LongTask } from '../linalg/long-task';
import type { BlockMetrics, MatrixBlocks } from './block-metrics';

export interface CodebookOptions extends LongTask {
  /** Indices, in row-major order, of the blocks that initialize the entries. */
  readonly initial: ArrayLike<number>;
  readonly iterations: number;
  /** Uniform in [0, 1); places clusters that became empty. */
  random(): number;
}

export interface LearnedCodebook {
  /** [entries, size] */
  readonly codebook: Float32Array;
  /** Entry of each block, in row-major order. */
  readonly indices: Int32Array;
}

/** Maximum number of rounds of filling empty clusters, as in fairseq's code; entries still empty stay unused. */
const GREATEST_SPLITS = 30;
/** Distance of split entries as a share of the weights' root mean square; it does not affect the boundary between them. */
const SPLIT_SHARE = 1e-3;

/**
 * Learns entries and assignments that minimize Σ (v − c)ᵀ G (v − c) over all blocks v with their entries c: Lloyd's algorithm
 * in the metric of the activations (Stock et al. 2019, "And the Bit Goes Down", E-step and M-step). Each round assigns every
 * block to the nearest entry, on the GPU in float32, and updates every entry to the optimum for its blocks, in float64. Empty
 * clusters take half of the largest cluster, as in the authors' code.
 *
 * @throws the signal's reason when cancelled
 */
export async function learnCodebook(
  blocks: MatrixBlocks,
  metrics: BlockMetrics,
  { initial, iterations, random, signal, onProgress }: CodebookOptions,
): Promise<LearnedCodebook> {
  const entries = initial.length;
  const points = metrics.uploadPoints(blocks);
  const assign = (codebook: Float64Array) => assignBlocks(points, codebook, blocks, metrics);
  const shift = SPLIT_SHARE * rootMeanSquare(blocks.values);
  try {
    let codebook = blocksAt(blocks, initial);
    for (let round = 0; round < iterations; round++) {
      let indices = await assign(codebook);
      for (let split = 0; split < GREATEST_SPLITS; split++) {
        const counts = countOf(indices, entries);
        if (!counts.includes(0)) break;
        splitLargest(codebook, counts, blocks.size, () => shift * (2 * random() - 1));
        indices = await assign(codebook);
      }
      signal?.throwIfAborted();
      codebook = metrics.bestEntries(blocks, indices, codebook);
      onProgress?.((round + 1) / (iterations + 1));
    }
    const rounded = Float32Array.from(codebook);
    return { codebook: rounded, indices: await assign(Float64Array.from(rounded)) };
  } finally {
    points.dispose();
  }
}

async function assignBlocks(
  points: ReturnType<BlockMetrics['uploadPoints']>,
  codebook: Float64Array,
  { shape: [rows, columns], size }: MatrixBlocks,
  metrics: BlockMetrics,
): Promise<Int32Array> {
  const { values, halfNorms, sets, padded } = metrics.transformed(codebook);
  const entries = codebook.length / size;
  const centroids = uploadTensor(values, [sets, entries, padded]);
  const norms = uploadTensor(halfNorms, [sets, entries]);
  const nearest = nearestCentroids(points, centroids, norms);
  centroids.dispose();
  norms.dispose();
  // [columns / size, rows]: a group is a block of columns.
  const found = new Int32Array(await readTensorBytes(nearest));
  nearest.dispose();
  const across = columns / size;
  const indices = new Int32Array(found.length);
  for (let block = 0; block < across; block++) {
    for (let row = 0; row < rows; row++) indices[row * across + block] = found[block * rows + row];
  }
  return indices;
}

/** Each empty cluster takes half of the currently largest one: both entries move slightly apart. */
function splitLargest(codebook: Float64Array, counts: number[], size: number, noise: () => number): void {
  counts.forEach((count, empty) => {
    if (count > 0) return;
    const largest = counts.indexOf(Math.max(...counts));
    for (let k = 0; k < size; k++) {
      const shift = noise();
      codebook[empty * size + k] = codebook[largest * size + k] + shift;
      codebook[largest * size + k] -= shift;
    }
    counts[empty] = counts[largest] / 2;
    counts[largest] /= 2;
  });
}

function countOf(indices: Int32Array, entries: number): number[] {
  const counts = new Array<number>(entries).fill(0);
  for (const index of indices) counts[index]++;
  return counts;
}

function blocksAt({ values, size }: MatrixBlocks, chosen: ArrayLike<number>): Float64Array {
  const codebook = new Float64Array(chosen.length * size);
  for (let entry = 0; entry < chosen.length; entry++)
    codebook.set(values.subarray(chosen[entry] * size, (chosen[entry] + 1) * size), entry * size);
  return codebook;
}

function rootMeanSquare(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
}
