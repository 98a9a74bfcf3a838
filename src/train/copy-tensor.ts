import type * as tf from '@tensorflow/tfjs';
import { swapDimensions } from '../engines/webgpu/kernels/contraction/swap-dimensions';

/** The same values in a buffer of their own: `clone()` shares one, and what trains is changed in place. */
export function copyTensor<T extends tf.Tensor>(x: T): T {
  return swapDimensions(x, [1, 1, 1, x.size], x.shape) as T;
}
