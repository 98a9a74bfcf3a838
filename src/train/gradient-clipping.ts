import type * as tf from '@tensorflow/tfjs';
import { clippingScaleOf } from '../engines/webgpu/kernels/training/clipping-scale';

/**
 * Factor for all gradients that limits their global norm (Pascanu et al. 2013, algorithm 1). It stays on the GPU, so that no
 * step waits for it.
 *
 * @param clipping greatest global norm
 * @returns `scale`, min(1, clipping / norm), and `norm`, both [1]; the caller disposes of them. If the norm is not finite,
 *   the scale is not finite or 0: check the norm.
 */
export function clippingScale(
  gradients: readonly tf.Tensor[],
  clipping: number,
): { scale: tf.Tensor1D; norm: tf.Tensor1D } {
  return clippingScaleOf(gradients, clipping);
}
