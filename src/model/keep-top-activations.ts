import type * as tf from '@tensorflow/tfjs';
import { topMagnitudes } from '../engines/webgpu/kernels/layers/top-magnitudes';
import type { ModelConfig } from './model';

/**
 * Zeroes all but each token's activations of greatest magnitude, by the share that the structure keeps. The last block's
 * output is not changed.
 * @param position of the block in the structure
 */
export function keepTopActivations(
  { width, structure: { blocks, keptActivations } }: ModelConfig,
  position: number,
  hidden: tf.Tensor2D,
): tf.Tensor2D {
  if (keptActivations === undefined || position === blocks.length - 1) return hidden;
  return topMagnitudes(hidden, Math.max(1, Math.round(keptActivations * width)));
}
