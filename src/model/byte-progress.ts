import type { TensorEntry } from '../checkpoint/named-tensor';
import { gpuIdle } from '../engines/webgpu/memory';
import type { OperationOptions } from '../progress/progress';

/** Bytes written between waits; the driver may buffer up to twice this. */
const BYTES_BETWEEN_WAITS = 24 * 1024 * 1024;

/** Counts bytes read, stops when cancelled, and lets the GPU catch up. */
export class ByteProgress {
  private bytesRead = 0;
  private sinceWait = 0;
  /** Resolves when the GPU has processed everything written before the last wait. */
  private processed: Promise<void> = Promise.resolve();

  constructor(
    /** Activity shown with the progress. */
    private readonly label: string,
    private readonly total: number,
    private readonly options: OperationOptions,
  ) {}

  /** Reads a tensor's raw bytes. */
  async readBytes(entry: TensorEntry): Promise<Uint8Array> {
    const bytes = await entry.readBytes();
    await this.add(bytes.length);
    return bytes;
  }

  /** Counts bytes read and written to the GPU. @throws the signal's reason when cancelled */
  async add(bytes: number): Promise<void> {
    this.options.signal?.throwIfAborted();
    this.bytesRead += bytes;
    this.sinceWait += bytes;
    const { label, bytesRead: done, total } = this;
    this.options.onProgress?.({ label, done, total, unit: 'bytes' });
    if (this.sinceWait < BYTES_BETWEEN_WAITS) return;
    this.sinceWait = 0;
    await this.processed;
    this.processed = gpuIdle();
    // A lost device is reported elsewhere.
    this.processed.catch(() => undefined);
  }
}
