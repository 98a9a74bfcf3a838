import * as tf from '@tensorflow/tfjs';
import { internalsOf } from './backend-internals';
import { currentGpu } from './device';
import type { TensorOf } from './shapes';

const BYTES_PER_ELEMENT = 4;

/** A tensor exceeds the largest buffer of this device; with fewer tokens at once it may fit. */
export class TensorTooLargeError extends Error {
  override readonly name = 'TensorTooLargeError';
}

/**
 * Allocates an uninitialised tensor on the GPU, four bytes per element; the caller owns it.
 *
 * @throws TensorTooLargeError if the tensor is larger than a kernel can bind on this device; WebGPU itself would report that
 * asynchronously, and the kernel would leave zeros
 */
export function allocateTensor<const Shape extends readonly number[]>(
  shape: Shape,
  dtype: 'float32' | 'int32',
): TensorOf<Shape> {
  const { device, backend } = currentGpu();
  const bytes = shape.reduce((product, size) => product * size, 1) * BYTES_PER_ELEMENT;
  const limit = Math.min(device.limits.maxStorageBufferBindingSize, device.limits.maxBufferSize);
  if (bytes > limit) {
    throw new TensorTooLargeError(
      `A tensor of ${shape.join('×')} needs ${bytes} bytes in one buffer; this device allows ${limit}. Use fewer tokens at once, or a form of the weight that stores less.`,
    );
  }
  const internals = internalsOf(backend);
  const info = internals.makeTensorInfo([...shape], dtype);
  internals.uploadToGPU(info.dataId);
  // tfjs does not type tensors by the length of their shape.
  return tf.engine().makeTensorFromTensorInfo(info as tf.TensorInfo) as TensorOf<Shape>;
}
