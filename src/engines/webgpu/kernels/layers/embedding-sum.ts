import type * as tf from '@tensorflow/tfjs';
import { currentGpu } from '../../device';
import { runKernel } from '../../run-kernel';
import { foldWorkgroups } from '../wgsl/fold-workgroups';
import source from './embedding-sum.wgsl?raw';

/** Segment embeddings and the segment of each token, as BERT adds them. */
export interface TokenTypes {
  readonly embeddings: tf.Tensor;
  /** [tokens] int32 */
  readonly ids: tf.Tensor1D;
}

/**
 * Adds position (and segment) embeddings to token embeddings.
 * @param tokens [batch·length, width]
 * @param positions [contextLength, width]
 * @param length tokens of one sequence; @param past position of its first token
 * @param lengths [1] int32, instead of `past`: tokens of the sequence up to the last one given, read by the kernel so that
 *   the launch can be replayed
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
  const [y] = runKernel(
    {
      name: 'embedding-sum',
      source,
      constants: { HAS_TYPES: types !== undefined, HAS_LENGTHS: lengths !== undefined },
    },
    {
      inputs: [
        tokens,
        positions,
        types?.embeddings ?? positions,
        types?.ids ?? positions,
        lengths ?? positions,
      ],
      outputs: [{ shape: [count, width], dtype: 'float32' }],
      uniforms: [count, width, length, past],
      workgroups: [Math.ceil(width / 64), ...foldWorkgroups(count, limit)],
    },
  );
  return y as tf.Tensor2D;
}
