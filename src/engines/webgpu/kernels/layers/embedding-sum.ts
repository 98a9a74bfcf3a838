import type * as tf from '@tensorflow/tfjs';
import { currentGpu } from '../../device';
import { defineKernel } from '../../define-kernel';
import { kernelFamily } from '../../kernel-family';
import { foldWorkgroups } from '../wgsl/fold-workgroups';
import body from './embedding-sum.wgsl?raw';

/** Segment embeddings and the segment of each token, as in BERT. */
export interface TokenTypes {
  readonly embeddings: tf.Tensor;
  /** [tokens] int32 */
  readonly ids: tf.Tensor1D;
}

const kernelOf = kernelFamily(({ hasTypes, hasLengths }: { hasTypes: boolean; hasLengths: boolean }) =>
  defineKernel({
    name: 'embedding-sum',
    inputs: {
      tokens: 'array<f32>',
      positions: 'array<f32>',
      types: 'array<f32>',
      typeIds: 'array<i32>',
      lengths: 'array<i32>',
    },
    outputs: { y: 'array<f32>' },
    uniforms: { count: 'u32', width: 'u32', length: 'u32', past: 'u32' },
    constants: { HAS_TYPES: hasTypes, HAS_LENGTHS: hasLengths },
    body,
  }),
);

/**
 * Adds position (and segment) embeddings to token embeddings.
 * @param tokens [batch·length, width]
 * @param positions [contextLength, width]
 * @param length tokens per sequence; @param past position of its first token
 * @param lengths [1] int32, instead of `past`: tokens of the sequence up to the last given one, read by the kernel so that
 * the launch can be replayed
 */
export function embeddingSum(
  tokens: tf.Tensor2D,
  positions: tf.Tensor,
  {
    length,
    past = 0,
    lengths,
    types,
  }: { length: number; past?: number; lengths?: tf.Tensor1D; types?: TokenTypes },
): tf.Tensor2D {
  const [count, width] = tokens.shape;
  const limit = currentGpu().device.limits.maxComputeWorkgroupsPerDimension;
  return kernelOf({ hasTypes: types !== undefined, hasLengths: lengths !== undefined }).run({
    // Absent inputs are not read; any tensor serves as a placeholder.
    inputs: {
      tokens,
      positions,
      types: types?.embeddings ?? positions,
      typeIds: types?.ids ?? positions,
      lengths: lengths ?? positions,
    },
    outputs: { y: [count, width] },
    uniforms: { count, width, length, past },
    workgroups: [Math.ceil(width / 64), ...foldWorkgroups(count, limit)],
  }).y;
}
