import type * as tf from '@tensorflow/tfjs';
import { allocateTensor } from './allocate';
import { currentGpu } from './device';
import { submitPendingWork } from './memory';
import { gpuBufferOf } from './run-kernel';

/** Makes an uninitialised tensor on the GPU; the caller owns it. @throws Error where it exceeds the device's limit */
export function emptyTensor(shape: number[], dtype: 'float32' | 'int32' = 'float32'): tf.Tensor {
  return allocateTensor(shape, dtype);
}

/**
 * Writes values into a tensor from element `offset` on, so that a large tensor can be filled piece by piece
 * without ever being whole in the JS heap. Four bytes an element.
 */
export function writeElements(
  tensor: tf.Tensor,
  offset: number,
  values: Float32Array | Int32Array | Uint32Array,
): void {
  // What is encoded and not yet submitted may use this pooled buffer for another tensor's last life.
  submitPendingWork();
  currentGpu().device.queue.writeBuffer(gpuBufferOf(tensor), offset * 4, values as Float32Array<ArrayBuffer>);
}

/** A tensor on the GPU holding these values (32-bit words; `Uint32Array` becomes dtype int32, bits kept). */
export function uploadTensor(values: Float32Array | Int32Array | Uint32Array, shape: number[]): tf.Tensor {
  const tensor = emptyTensor(shape, values instanceof Float32Array ? 'float32' : 'int32');
  if (values.length > 0) writeElements(tensor, 0, values);
  return tensor;
}

/**
 * Reads a tensor's words back. Unlike `tensor.data()` it keeps no copy in tfjs.
 * @returns raw bytes; view them as Float32Array, Int32Array or Uint32Array
 */
export async function readTensorBytes(tensor: tf.Tensor): Promise<ArrayBuffer> {
  const { device } = currentGpu();
  const source = gpuBufferOf(tensor);
  const bytes = tensor.size * 4;
  if (bytes === 0) return new ArrayBuffer(0);
  submitPendingWork();
  const staging = device.createBuffer({
    size: bytes,
    usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
  });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(source, 0, staging, 0, bytes);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const copy = staging.getMappedRange().slice(0);
  staging.destroy();
  return copy;
}

/** Reads a float32 tensor back; see `readTensorBytes`. */
export async function readFloats(tensor: tf.Tensor): Promise<Float32Array> {
  return new Float32Array(await readTensorBytes(tensor));
}
