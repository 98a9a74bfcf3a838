import type * as tf from '@tensorflow/tfjs';
import { clippingScaleOf } from '../engines/webgpu/kernels/training/clipping-scale';

/**
 * What gradients are multiplied by so that their common norm does not exceed a limit (Pascanu et al. 2013, algorithm 1):
 * it stays on the GPU, so that no step waits for it.
 *
 * @param clipping greatest norm of all gradients together
 * @returns [1] each: `scale`, min(1, clipping / norm), and `norm`; the caller disposes of them. A norm that is not finite
 *   gives a scale that is none either or 0: the caller tells by the norm.
 */
export function clippingScale(
  gradients: readonly tf.Tensor[],
  clipping: number,
): { scale: tf.Tensor1D; norm: tf.Tensor1D } {
  return clippingScaleOf(gradients, clipping);
}
