import type * as tf from '@tensorflow/tfjs';
import { swapDimensions } from '../engines/webgpu/kernels/contraction/swap-dimensions';

/** Copies a tensor into a new buffer: `clone()` shares the buffer, which training changes in place. */
export function copyTensor<T extends tf.Tensor>(x: T): T {
  return swapDimensions(x, [1, 1, 1, x.size], x.shape) as T;
}
