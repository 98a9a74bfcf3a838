import type { TensorEntry } from '../checkpoint/named-tensor';

/** Float32 tensor in memory that replaces a tensor of a file. */
export function memoryEntry(name: string, shape: readonly number[], values: Float32Array): TensorEntry {
  const bytes = new Uint8Array(values.slice().buffer);
  return {
    name,
    dtype: 'F32',
    shape,
    byteLength: bytes.length,
    readBytes: async (start = 0, end = bytes.length) => bytes.slice(start, end),
  };
}
