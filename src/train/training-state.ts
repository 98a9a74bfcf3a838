import type * as tf from '@tensorflow/tfjs';
import { CheckpointError } from '../checkpoint/checkpoint-error';
import type { NamedTensor } from '../checkpoint/named-tensor';
import { openSafetensors } from '../checkpoint/safetensors-reader';
import { planSafetensors, safetensorsChunks, type TensorDescription } from '../checkpoint/safetensors-writer';
import { readTensorsBytes } from '../engines/webgpu/transfer';
import type { TrainableTensor } from './trainable-matrix';
import { TrainingError } from './training-error';
import type { TrainingSettings } from './training-settings';

/**
 * Saved run: a SHA-256 of all that follows (32 bytes), then a safetensors file with the run's tensors, whose metadata holds its
 * progress (`progress`, JSON) and its fingerprint (`run`).
 */
export interface StoredRun<Progress> {
  readonly progress: Progress;
  /** Tensors by the names under which they were written. */
  readonly tensors: ReadonlyMap<string, NamedTensor>;
}

const CHECKSUM_BYTES = 32;
/** Elements read back together, 16 MiB. */
const READ_ELEMENTS = 4 * 1024 * 1024;
/** Version of this layout and of the trainer's contents; other versions are not read. */
const VERSION = 1;
const FILE_NAME = 'The saved state of the run';

/** Fingerprint that a state must share to be resumed: settings, parameter names and shapes, text. Hexadecimal. */
export async function runFingerprint(
  settings: TrainingSettings,
  parameters: readonly TrainableTensor[],
  text: string,
): Promise<string> {
  const shapes = parameters.map(({ name, tensor, decays }) => [name, tensor.shape, decays]);
  const sorted = Object.entries(settings).sort(([left], [right]) => (left < right ? -1 : 1));
  const described = JSON.stringify([VERSION, sorted, shapes, text]);
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(described));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** @param tensors float32 or int32, read back a few at a time */
export async function writeRun(
  fingerprint: string,
  progress: unknown,
  tensors: ReadonlyMap<string, tf.Tensor>,
): Promise<Uint8Array> {
  const descriptions = [...tensors].map(([name, { dtype, shape }]): TensorDescription => {
    return { name, dtype: dtype === 'int32' ? 'I32' : 'F32', shape };
  });
  const plan = planSafetensors(descriptions, { run: fingerprint, progress: JSON.stringify(progress) });
  const bytes = new Uint8Array(CHECKSUM_BYTES + plan.byteLength);
  let offset = CHECKSUM_BYTES;
  const contents = tensorContents([...tensors.values()]);
  // Tensors are requested in the order of their descriptions.
  const produce = async () => (await contents.next()).value!;
  for await (const chunk of safetensorsChunks(plan, produce)) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  bytes.set(await checksum(bytes));
  return bytes;
}

/** Bytes of each tensor; small ones are read together, because each wait for the GPU costs milliseconds. */
async function* tensorContents(tensors: readonly tf.Tensor[]): AsyncGenerator<Uint8Array, undefined> {
  for (let start = 0; start < tensors.length;) {
    let end = start + 1;
    let elements = tensors[start].size;
    while (end < tensors.length && elements + tensors[end].size <= READ_ELEMENTS)
      elements += tensors[end++].size;
    for (const bytes of await readTensorsBytes(tensors.slice(start, end))) yield new Uint8Array(bytes);
    start = end;
  }
  return undefined;
}

/** @throws TrainingError if the bytes are incomplete, changed, or from another run */
export async function readRun<Progress>(
  bytes: Uint8Array,
  fingerprint: string,
): Promise<StoredRun<Progress>> {
  const expected = await checksum(bytes);
  if (bytes.length < CHECKSUM_BYTES || expected.some((byte, index) => byte !== bytes[index])) {
    throw new TrainingError(
      `${FILE_NAME} is incomplete or has changed since it was written; start the run again.`,
    );
  }
  try {
    const blob = new Blob([bytes.subarray(CHECKSUM_BYTES) as Uint8Array<ArrayBuffer>]);
    const { metadata, tensors: entries } = await openSafetensors(blob, FILE_NAME);
    if (metadata.run !== fingerprint) {
      throw new TrainingError(
        `${FILE_NAME} belongs to other settings, another text or other parameters; restore those, or start the run again.`,
      );
    }
    const tensors = new Map<string, NamedTensor>();
    for (const { name, dtype, shape, readBytes } of entries.values())
      tensors.set(name, { name, dtype, shape, bytes: await readBytes() });
    return { progress: JSON.parse(metadata.progress) as Progress, tensors };
  } catch (error) {
    if (error instanceof CheckpointError) throw new TrainingError(error.message);
    throw error;
  }
}

async function checksum(bytes: Uint8Array): Promise<Uint8Array> {
  const content = bytes.subarray(CHECKSUM_BYTES) as Uint8Array<ArrayBuffer>;
  return new Uint8Array(await crypto.subtle.digest('SHA-256', content));
}
