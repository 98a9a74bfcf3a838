import { tensorByteLength } from './dtypes';
import type { Dtype } from './named-tensor';

/** A tensor that is going to be written. */
export interface TensorDescription {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
}

/** The layout of a file before any of its tensors is in memory. */
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
 * Lays a file out: tensors in the given order, one after the other.
 * @throws Error where two tensors have the same name, or one the name that safetensors keeps for metadata
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
 * The file piece by piece: the header, then each tensor as it is produced, so that one tensor at a time is in memory.
 * @throws Error where a tensor's bytes are not as many as its description says
 */
export async function* safetensorsChunks(
  plan: SafetensorsPlan,
  produce: (tensor: TensorDescription) => Promise<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield plan.header;
  for (const tensor of plan.tensors) {
    const bytes = await produce(tensor);
    const expected = tensorByteLength(tensor.dtype, tensor.shape);
    if (bytes.length !== expected) {
      throw new Error(`Tensor ${tensor.name} has ${bytes.length} bytes, its description says ${expected}.`);
    }
    yield bytes;
  }
}
