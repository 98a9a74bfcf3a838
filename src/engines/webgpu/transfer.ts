import type * as tf from '@tensorflow/tfjs';
import { allocateTensor } from './allocate';
import { countGpu } from './counters';
import { currentGpu } from './device';
import { submitPendingWork } from './memory';
import { gpuBufferOf } from './gpu-buffer';
import type { TensorOf } from './shapes';

/** Allocates an uninitialised tensor on the GPU; the caller owns it. @throws Error if it exceeds the device's limit */
export function emptyTensor<const Shape extends readonly number[]>(
  shape: Shape,
  dtype: 'float32' | 'int32' = 'float32',
): TensorOf<Shape> {
  return allocateTensor(shape, dtype);
}

/**
 * Writes values, four bytes each, into a tensor starting at element `offset`, so that a large tensor can be filled in pieces
 * without existing in the JS heap.
 */
export function writeElements(
  tensor: tf.Tensor,
  offset: number,
  values: Float32Array | Int32Array | Uint32Array,
): void {
  // Commands encoded but not submitted may still use this pooled buffer for an earlier tensor.
  submitPendingWork();
  currentGpu().device.queue.writeBuffer(gpuBufferOf(tensor), offset * 4, values as Float32Array<ArrayBuffer>);
}

/** Uploads values (32-bit words; `Uint32Array` becomes dtype int32 with the same bits) to a new tensor. */
export function uploadTensor<const Shape extends readonly number[]>(
  values: Float32Array | Int32Array | Uint32Array,
  shape: Shape,
): TensorOf<Shape> {
  const tensor = emptyTensor(shape, values instanceof Float32Array ? 'float32' : 'int32');
  if (values.length > 0) writeElements(tensor, 0, values);
  return tensor;
}

/**
 * Reads a tensor's words back. Unlike `tensor.data()`, leaves no copy in tfjs.
 * @returns raw bytes; view them as Float32Array, Int32Array or Uint32Array
 */
export async function readTensorBytes(tensor: tf.Tensor): Promise<ArrayBuffer> {
  const [bytes] = await readTensorsBytes([tensor]);
  return bytes;
}

/** Reads several tensors back at once, since each wait for the GPU takes milliseconds, in some browsers many. */
export async function readTensorsBytes(tensors: readonly tf.Tensor[]): Promise<ArrayBuffer[]> {
  const { device } = currentGpu();
  const lengths = tensors.map(({ size }) => size * 4);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  if (total === 0) return tensors.map(() => new ArrayBuffer(0));
  const sources = tensors.map((tensor) => (tensor.size > 0 ? gpuBufferOf(tensor) : undefined));
  submitPendingWork();
  const staging = device.createBuffer({
    size: total,
    usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
  });
  const encoder = device.createCommandEncoder();
  let offset = 0;
  sources.forEach((source, index) => {
    if (source) encoder.copyBufferToBuffer(source, 0, staging, offset, lengths[index]);
    offset += lengths[index];
  });
  device.queue.submit([encoder.finish()]);
  countGpu('submissions');
  countGpu('readbacks');
  try {
    await staging.mapAsync(GPUMapMode.READ);
    const mapped = staging.getMappedRange();
    let start = 0;
    return lengths.map((length) => mapped.slice(start, (start += length)));
  } finally {
    staging.destroy();
  }
}

/** Bytes per piece when reading a large tensor, so that it never exists whole in the JS heap. */
const PIECE_BYTES = 16 * 1024 * 1024;

/** Reads a tensor's words back in pieces. */
export async function* tensorPieces(tensor: tf.Tensor): AsyncGenerator<Uint8Array> {
  const { device } = currentGpu();
  const total = tensor.size * 4;
  for (let start = 0; start < total; start += PIECE_BYTES) {
    const size = Math.min(PIECE_BYTES, total - start);
    const source = gpuBufferOf(tensor);
    submitPendingWork();
    const staging = device.createBuffer({ size, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ });
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(source, start, staging, 0, size);
    device.queue.submit([encoder.finish()]);
    countGpu('submissions');
    countGpu('readbacks');
    try {
      await staging.mapAsync(GPUMapMode.READ);
      yield new Uint8Array(staging.getMappedRange().slice(0));
    } finally {
      staging.destroy();
    }
  }
}

/** Reads a float32 tensor back; see `readTensorBytes`. */
export async function readFloats(tensor: tf.Tensor): Promise<Float32Array> {
  return new Float32Array(await readTensorBytes(tensor));
}
