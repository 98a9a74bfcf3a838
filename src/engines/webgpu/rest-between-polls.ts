/** Polls of a wait without a rest, so that short work is noticed immediately. */
const EAGER_POLLS = 16;
/** Rest between later polls; the minimum of Node's timers. */
const REST_MS = 1;

type Callback = (...values: unknown[]) => void;

let isResting = false;

/**
 * Adds rests between Dawn's polls. While GPU work is pending, Dawn in Node polls in every turn of the event loop by
 * `setImmediate`, which occupies a core that a software adapter needs for computing. A real GPU is better polled without
 * rests, which would add to its latencies.
 */
export function restBetweenPolls(): void {
  if (isResting) return;
  isResting = true;
  const atOnce = globalThis.setImmediate;
  const polling = polls(atOnce);
  globalThis.setImmediate = Object.assign(
    (callback: Callback, ...values: unknown[]) =>
      isNative(callback) ? polling(callback) : atOnce(callback, ...values),
    atOnce,
  ) as typeof setImmediate;
}

/** Schedules polls immediately or after a rest; a poll scheduled by another poll belongs to the same wait. */
export function polls(atOnce: (callback: () => void) => unknown): (poll: () => void) => unknown {
  let done = 0;
  let isPolling = false;
  return (poll) => {
    done = isPolling ? done + 1 : 0;
    const run = () => {
      isPolling = true;
      try {
        poll();
      } finally {
        isPolling = false;
      }
    };
    return done < EAGER_POLLS ? atOnce(run) : setTimeout(run, REST_MS);
  };
}

/** Whether a callback is native, as only Dawn's polls are. */
function isNative(callback: Callback): boolean {
  return Function.prototype.toString.call(callback).includes('[native code]');
}
