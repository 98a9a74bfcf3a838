import type { ExportFile } from '../../export/export-format';
import { GzipCounter } from './gzip-counter';
import { OneAtATime } from '../protocol/one-at-a-time';
import type { OperationOptions } from '../protocol/protocol';

/** Bytes compressed per step: about 30 ms, the longest an operation waits for it. */
const STEP_BYTES = 1024 * 1024;

/** Runs a step when the lab is idle. */
export type WhenIdle = <T>(step: () => Promise<T>, signal: AbortSignal) => Promise<T>;

/** Variant with its weights as they would be written. */
export interface SizedVariant {
  readonly name: string;
  readonly file: ExportFile;
}

interface Measurement {
  readonly bytes: Promise<number>;
  readonly listeners: Set<(done: number) => void>;
  cancel(): void;
}

/**
 * Gzip sizes of variants, measured by compressing their files as they would be written: one variant after the other, in short
 * steps while the lab is idle, with one piece of the file in memory at a time.
 */
export class GzipSizes {
  private readonly measurements = new Map<string, Measurement>();
  private readonly turns = new OneAtATime();

  constructor(private readonly whenIdle: WhenIdle) {}

  /**
   * Size of a variant in bytes. Starts the measurement or joins one in progress.
   * @throws the signal's reason, which ends only the wait; a DOMException `AbortError` if the measurement is cancelled
   */
  async of(
    id: string,
    { name, file }: SizedVariant,
    { signal, onProgress }: OperationOptions,
  ): Promise<number> {
    signal?.throwIfAborted();
    const measurement = this.measurements.get(id) ?? this.start(id, file);
    const total = file.byteLength;
    const listener = (done: number) =>
      onProgress?.({ label: `Measuring the gzip size of ${name}`, done, total, unit: 'bytes' });
    measurement.listeners.add(listener);
    try {
      return await orAborted(measurement.bytes, signal);
    } finally {
      measurement.listeners.delete(listener);
    }
  }

  /** Ends a measurement and discards the size; called before the variant's weights are freed. */
  cancel(id: string): void {
    this.measurements.get(id)?.cancel();
    this.measurements.delete(id);
  }

  cancelAll(): void {
    for (const id of [...this.measurements.keys()]) this.cancel(id);
  }

  private start(id: string, file: ExportFile): Measurement {
    const controller = new AbortController();
    const { signal } = controller;
    const listeners = new Set<(done: number) => void>();
    const report = (done: number) => listeners.forEach((listener) => listener(done));
    const measured = this.turns.run(() => gzipLength(file, this.whenIdle, signal, report), signal);
    const measurement: Measurement = {
      bytes: orAborted(measured, signal),
      listeners,
      cancel: () => controller.abort(new DOMException('The variant was discarded.', 'AbortError')),
    };
    this.measurements.set(id, measurement);
    // A failed measurement may be repeated.
    measurement.bytes.catch(() => {
      if (this.measurements.get(id) === measurement) this.measurements.delete(id);
    });
    return measurement;
  }
}

async function gzipLength(
  file: ExportFile,
  whenIdle: WhenIdle,
  signal: AbortSignal,
  onBytes: (done: number) => void,
): Promise<number> {
  const counter = new GzipCounter();
  const chunks = file.chunks();
  let done = 0;
  try {
    for (;;) {
      const next = await whenIdle(() => chunks.next(), signal);
      if (next.done) return await counter.finish();
      for (let start = 0; start < next.value.length; start += STEP_BYTES) {
        const piece = next.value.subarray(start, start + STEP_BYTES);
        await whenIdle(() => counter.write(piece), signal);
        onBytes((done += piece.length));
      }
    }
  } catch (error) {
    await counter.abort(error);
    throw error;
  } finally {
    await chunks.return(undefined);
  }
}

/** Resolves as the promise does, or rejects with the signal's reason on abort. */
function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
