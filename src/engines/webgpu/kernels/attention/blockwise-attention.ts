import type * as tf from '@tensorflow/tfjs';
import { defineKernel } from '../../define-kernel';
import { kernelFamily } from '../../kernel-family';
import type { AttentionShape, HeadVectors } from './attention';
import body from './blockwise-attention.wgsl?raw';
import grid from '../wgsl/blockwise-grid.wgsl?raw';
import { kernelProfile } from '../wgsl/kernel-profile';

const THREADS = { software: 4, hardware: 64 } as const;
/** Maximum number of keys: one query's scores fill the guaranteed workgroup memory of 16 KiB. */
export const MOST_BLOCKWISE_KEYS = 4096;

const kernelOf = kernelFamily(({ causal, threads }: { causal: boolean; threads: number }) =>
  defineKernel({
    name: 'blockwise-attention',
    inputs: {
      queries: 'array<f32>',
      keys: 'array<f32>',
      values: 'array<f32>',
      keyCounts: 'array<i32>',
    },
    outputs: { y: 'array<f32>' },
    uniforms: {
      queryCount: 'u32',
      keyRows: 'u32',
      past: 'u32',
      heads: 'u32',
      headWidth: 'u32',
      queryStride: 'u32',
      queryOffset: 'u32',
      keyStride: 'u32',
      keyOffset: 'u32',
      valueStride: 'u32',
      valueOffset: 'u32',
      blockSize: 'u32',
      scale: 'f32',
    },
    constants: { CAUSAL: causal, THREADS: threads, MOST_KEYS: MOST_BLOCKWISE_KEYS },
    body: [grid, body],
  }),
);

/**
 * Attention as in `attention`, with scores and probabilities rounded to 8 bits by blocks of `blockSize` keys; the
 * probabilities are computed from the rounded scores (Dong et al. 2023, BCT).
 * @throws Error if a sequence may have more than `MOST_BLOCKWISE_KEYS` keys
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
  return kernelOf({ causal, threads: THREADS[kernelProfile().name] }).run({
    inputs: { queries: queries.tensor, keys: keys.tensor, values: values.tensor, keyCounts },
    outputs: { y: [batch * queryCount, heads * headWidth] },
    uniforms: {
      queryCount,
      keyRows,
      past,
      heads,
      headWidth,
      queryStride: queries.stride,
      queryOffset: queries.offset,
      keyStride: keys.stride,
      keyOffset: keys.offset,
      valueStride: values.stride,
      valueOffset: values.offset,
      blockSize,
      scale: 1 / Math.sqrt(headWidth),
    },
    workgroups: [queryCount, heads, batch],
  }).y;
}
