import type * as tf from '@tensorflow/tfjs';
import { float, type Kernel, runKernel } from '../../run-kernel';
import type { AttentionShape, HeadVectors } from './attention';
import source from './blockwise-attention.wgsl?raw';
import grid from '../wgsl/blockwise-grid.wgsl?raw';
import { kernelMemo } from '../wgsl/kernel-memo';
import { kernelProfile } from '../wgsl/kernel-profile';

const THREADS = { software: 4, hardware: 64 } as const;
/** Scores of one query that stand in workgroup memory: its least size, 16 KiB. */
export const MOST_BLOCKWISE_KEYS = 4096;

const remember = kernelMemo();

/**
 * Attention as `attention` computes it, with scores and probabilities rounded to 8 bits by blocks of `blockSize` keys, the
 * probabilities taken from the rounded scores (Dong et al. 2023, BCT).
 * @throws Error where a sequence may have more than `MOST_BLOCKWISE_KEYS` keys
 */
export function blockwiseAttention(
  queries: HeadVectors,
  keys: HeadVectors,
  values: HeadVectors,
  keyCounts: tf.Tensor1D,
  { batch, heads, headWidth, queryCount, keyRows, past, causal }: AttentionShape,
  blockSize: number,
): tf.Tensor2D {
  if (keyRows > MOST_BLOCKWISE_KEYS)
    throw new Error(`Blockwise attention takes ${MOST_BLOCKWISE_KEYS} keys at most, not ${keyRows}.`);
  const [y] = runKernel(kernelFor(causal), {
    inputs: [queries.tensor, keys.tensor, values.tensor, keyCounts],
    outputs: [{ shape: [batch * queryCount, heads * headWidth], dtype: 'float32' }],
    uniforms: [
      queryCount,
      keyRows,
      past,
      heads,
      headWidth,
      ...[queries, keys, values].flatMap(({ stride, offset }) => [stride, offset]),
      blockSize,
      float(1 / Math.sqrt(headWidth)),
    ],
    workgroups: [queryCount, heads, batch],
  });
  return y as tf.Tensor2D;
}

function kernelFor(causal: boolean): Kernel {
  const threads = THREADS[kernelProfile().name];
  return remember(`${causal} ${threads}`, () => ({
    name: 'blockwise-attention',
    constants: { CAUSAL: causal },
    source: `const THREADS = ${threads}u;\nconst MOST_KEYS = ${MOST_BLOCKWISE_KEYS}u;\n${grid}\n${source}`,
  }));
}
