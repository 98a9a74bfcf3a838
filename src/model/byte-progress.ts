import type { TensorEntry } from '../checkpoint/named-tensor';
import { gpuIdle } from '../engines/webgpu/memory';

export interface LoadOptions {
  /** Bytes read so far, of all that will be read. */
  onBytes?(read: number, total: number): void;
  readonly signal?: AbortSignal;
}

/** The driver keeps its own copy of what is written until the GPU took it: of so many bytes and as many again at most. */
const BYTES_BETWEEN_WAITS = 24 * 1024 * 1024;

/** Counts what is read, stops when cancelled, and lets the GPU catch up. */
export class ByteProgress {
  private bytesRead = 0;
  private sinceWait = 0;
  /** Resolves when the GPU took what had been written at the last wait. */
  private taken: Promise<void> = Promise.resolve();

  constructor(
    private readonly total: number,
    private readonly options: LoadOptions,
  ) {}

  /** Reads a tensor's bytes as they are. */
  async readBytes(entry: TensorEntry): Promise<Uint8Array> {
    const bytes = await entry.readBytes();
    await this.add(bytes.length);
    return bytes;
  }

  /** Counts bytes that were read and written to the GPU. @throws the signal's reason when cancelled */
  async add(bytes: number): Promise<void> {
    this.options.signal?.throwIfAborted();
    this.bytesRead += bytes;
    this.sinceWait += bytes;
    this.options.onBytes?.(this.bytesRead, this.total);
    if (this.sinceWait < BYTES_BETWEEN_WAITS) return;
    this.sinceWait = 0;
    await this.taken;
    this.taken = gpuIdle();
    // A device that is lost meanwhile is told of in its own way.
    this.taken.catch(() => undefined);
  }
}
