/** How a long computation on the CPU reports, stops, and lets its thread yieldToEventLoop. */
export interface LongTask {
  readonly signal?: AbortSignal;
  /** Share that is done, 0 to 1. */
  onProgress?(share: number): void;
}

/** The task of a stage: its progress 0 to 1 is reported as `from` to `to` of the whole. */
export function partOf(task: LongTask, from: number, to: number): LongTask {
  return { signal: task.signal, onProgress: (share) => task.onProgress?.(from + share * (to - from)) };
}

/** A worker that computes longer than this without a break answers messages, such as "cancel", too late. */
const BREAK_EVERY_MS = 30;

/**
 * Makes a function to be called often within a long loop: every 30 ms it reports progress and waits for
 * the event loop once. It throws the signal's reason when cancelled, however little time has passed.
 */
export function yielding({ signal, onProgress }: LongTask): (share: number) => Promise<void> | undefined {
  let last = performance.now();
  return (share) => {
    signal?.throwIfAborted();
    if (performance.now() - last < BREAK_EVERY_MS) return undefined;
    return (async () => {
      onProgress?.(share);
      await new Promise((resolve) => setTimeout(resolve, 0));
      signal?.throwIfAborted();
      last = performance.now();
    })();
  };
}
