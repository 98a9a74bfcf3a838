import type * as tf from '@tensorflow/tfjs';
import { topMagnitudes } from '../engines/webgpu/kernels/layers/top-magnitudes';
import type { ModelConfig } from './model';

/**
 * What one block hands to the next: all of its activations, or of each token the share of greatest magnitude that the
 * structure keeps. What the last block gives goes on whole.
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
