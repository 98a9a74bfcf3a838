/** Progress and cancellation of a long computation on the CPU. */
export interface LongTask {
  readonly signal?: AbortSignal;
  /** Reports the share done, 0 to 1. */
  onProgress?(share: number): void;
}

/** Task of a stage: reports its progress from 0 to 1 as `from` to `to` of the whole. */
export function partOf(task: LongTask, from: number, to: number): LongTask {
  return { signal: task.signal, onProgress: (share) => task.onProgress?.(from + share * (to - from)) };
}

/** A worker that computes longer than this without yielding answers messages such as "cancel" too late. */
const YIELD_EVERY_MS = 30;

/**
 * Makes a function to call often within a long loop: every 30 ms it reports progress and yields to the event loop. It throws
 * the signal's reason when cancelled, at any time.
 */
export function yielding({ signal, onProgress }: LongTask): (share: number) => Promise<void> | undefined {
  let last = performance.now();
  return (share) => {
    signal?.throwIfAborted();
    if (performance.now() - last < YIELD_EVERY_MS) return undefined;
    return (async () => {
      onProgress?.(share);
      await new Promise((resolve) => setTimeout(resolve, 0));
      signal?.throwIfAborted();
      last = performance.now();
    })();
  };
}
