import type * as tf from '@tensorflow/tfjs';
import type { Dtype } from '../checkpoint/named-tensor';
import { readTensorBytes } from '../engines/webgpu/transfer';
import type { StoredTensor } from './linear-weight';

/** Reads a stored tensor by its suffix. */
export type TensorReader = (
  suffix: string,
) => Promise<{ bytes: Uint8Array; shape: readonly number[]; dtype: Dtype }>;

/**
 * Stored tensor of 32-bit words.
 * @param elementBits bits per element, if a word holds several
 */
export function storedTensor(
  suffix: string,
  dtype: Dtype,
  tensor: tf.Tensor,
  elementBits?: number,
): StoredTensor {
  return {
    suffix,
    dtype,
    shape: tensor.shape,
    byteLength: tensor.size * 4,
    elementBits,
    read: async () => new Uint8Array(await readTensorBytes(tensor)),
  };
}

/**
 * Reads the 32-bit words of a stored tensor.
 * @throws Error if there are more or fewer than `count`
 */
export async function readWords(read: TensorReader, suffix: string, count: number): Promise<Uint32Array> {
  const { bytes } = await read(suffix);
  requireLength(suffix, bytes.length, count * 4);
  return new Uint32Array(bytes.slice().buffer);
}

/** @throws Error naming the tensor and both lengths */
export function requireLength(suffix: string, found: number, expected: number): void {
  if (found !== expected)
    throw new Error(`its tensor ${suffix} has ${found} bytes where ${expected} were expected`);
}
