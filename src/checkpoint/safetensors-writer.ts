import { tensorByteLength } from './dtypes';
import type { Dtype } from './named-tensor';

/** Description of a tensor to write. */
export interface TensorDescription {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
}

/** Layout of a file before any of its tensors is in memory. */
export interface SafetensorsPlan {
  /** Length prefix and JSON, padded with spaces so that the data begin at a multiple of 8 bytes. */
  readonly header: Uint8Array;
  readonly tensors: readonly TensorDescription[];
  /** Length of the whole file. */
  readonly byteLength: number;
}

const ALIGNMENT = 8;
const METADATA_KEY = '__metadata__';

/**
 * Plans a file: tensors in the given order, one after the other.
 * @throws Error if two tensors have the same name, or one has the name reserved for metadata
 */
export function planSafetensors(
  tensors: readonly TensorDescription[],
  metadata: Readonly<Record<string, string>> = {},
): SafetensorsPlan {
  const entries = new Map<string, unknown>([[METADATA_KEY, metadata]]);
  let offset = 0;
  for (const { name, dtype, shape } of tensors) {
    const end = offset + tensorByteLength(dtype, shape);
    if (entries.has(name)) throw new Error(`Tensor ${name} is to be written twice; give each its own name.`);
    entries.set(name, { dtype, shape, data_offsets: [offset, end] });
    offset = end;
  }
  if (Object.keys(metadata).length === 0) entries.delete(METADATA_KEY);
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const headerBytes = Math.ceil(json.length / ALIGNMENT) * ALIGNMENT;
  const header = new Uint8Array(ALIGNMENT + headerBytes).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(headerBytes), true);
  header.set(json, ALIGNMENT);
  return { header, tensors, byteLength: header.length + offset };
}

/**
 * Chunks of the file: the header, then each tensor as it is produced, whole or in pieces, so that at most one tensor at a time
 * is in memory.
 * @throws Error if a tensor's number of bytes differs from its description
 */
export async function* safetensorsChunks(
  plan: SafetensorsPlan,
  produce: (tensor: TensorDescription) => Promise<Uint8Array> | AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield plan.header;
  for (const tensor of plan.tensors) {
    const produced = produce(tensor);
    if (produced instanceof Promise) {
      const bytes = await produced;
      requireByteLength(tensor, bytes.length);
      yield bytes;
      continue;
    }
    let count = 0;
    for await (const piece of produced) {
      count += piece.length;
      yield piece;
    }
    requireByteLength(tensor, count);
  }
}

function requireByteLength({ name, dtype, shape }: TensorDescription, found: number): void {
  const expected = tensorByteLength(dtype, shape);
  if (found !== expected) {
    throw new Error(`Tensor ${name} has ${found} bytes, its description says ${expected}.`);
  }
}
