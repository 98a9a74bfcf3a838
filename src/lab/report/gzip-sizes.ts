import type { ExportFile } from '../../export/export-format';
import { GzipCounter } from './gzip-counter';
import { OneAtATime } from '../protocol/one-at-a-time';
import type { OperationOptions } from '../protocol/protocol';

/** Bytes that are compressed in one step: about 30 ms, which is how long an operation may have to wait for it. */
const STEP_BYTES = 1024 * 1024;

/** Runs a step when nothing else is to be done. */
export type WhenIdle = <T>(step: () => Promise<T>, signal: AbortSignal) => Promise<T>;

/** A variant's weights as they would be written. */
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
 * Gzip sizes of variants, by compressing their files as they would be written. One variant after the other, in short
 * steps while the lab is idle, with one piece of the file in memory at a time.
 */
export class GzipSizes {
  private readonly measurements = new Map<string, Measurement>();
  private readonly turns = new OneAtATime();

  constructor(private readonly whenIdle: WhenIdle) {}

  /**
   * The size of a variant in bytes: starts to measure it, or joins the measurement that is there.
   * @throws the signal's reason, which ends the wait only; a DOMException `AbortError` where the measurement is cancelled
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

  /** Ends a measurement, and forgets the size: before the variant's weights go. */
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
      cancel: () => controller.abort(new DOMException('The variant is gone.', 'AbortError')),
    };
    this.measurements.set(id, measurement);
    // What failed may be asked for again.
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

/** The promise, or the signal's reason as soon as it is aborted. */
function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
