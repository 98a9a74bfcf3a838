import { BYTES_PER_ELEMENT } from '../checkpoint/dtypes';
import { readFloat32 } from '../checkpoint/float-conversion';
import type { TensorEntry } from '../checkpoint/safetensors-reader';
import { gpuIdle } from '../gpu/memory';

export interface LoadOptions {
  /** Bytes read so far, of all that will be read. */
  onBytes?(read: number, total: number): void;
  readonly signal?: AbortSignal;
}

/** The driver keeps its own copy of what is written until the GPU took it; wait for it every so often. */
const BYTES_BETWEEN_WAITS = 64 * 1024 * 1024;

/** Counts what is read, stops when cancelled, and lets the GPU catch up. */
export class ByteProgress {
  private bytesRead = 0;
  private sinceWait = 0;

  constructor(
    private readonly total: number,
    private readonly options: LoadOptions,
  ) {}

  /** Reads elements of a tensor as float32. */
  async read(entry: TensorEntry, start = 0, end = elements(entry)): Promise<Float32Array> {
    const values = await readFloat32(entry, start, end);
    await this.add((end - start) * BYTES_PER_ELEMENT[entry.dtype]);
    return values;
  }

  /** Reads a tensor's bytes as they are. */
  async readBytes(entry: TensorEntry): Promise<Uint8Array> {
    const bytes = await entry.readBytes();
    await this.add(bytes.length);
    return bytes;
  }

  private async add(bytes: number): Promise<void> {
    this.options.signal?.throwIfAborted();
    this.bytesRead += bytes;
    this.sinceWait += bytes;
    this.options.onBytes?.(this.bytesRead, this.total);
    if (this.sinceWait < BYTES_BETWEEN_WAITS) return;
    this.sinceWait = 0;
    await gpuIdle();
  }
}

function elements(entry: TensorEntry): number {
  return entry.byteLength / BYTES_PER_ELEMENT[entry.dtype];
}
