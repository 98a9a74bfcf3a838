/** Polls of a wait that come without a rest: what is done at once is known at once. */
const EAGER_POLLS = 16;
/** Between two later polls; Node's timers take no less. */
const REST_MS = 1;

type Callback = (...values: unknown[]) => void;

let isResting = false;

/**
 * While anything of the GPU is awaited, Dawn in Node asks for it at every turn of the event loop, by `setImmediate`. That
 * takes a whole core, which a software adapter wants to compute on: from here on there are rests between its polls. A real
 * GPU is better asked without rests, which would stand in its latencies.
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

/** Schedules polls, at once or after a rest: a poll that is scheduled by another one goes on with the same wait. */
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

/** Dawn's polls are functions of its addon; nothing of JavaScript's own is. */
function isNative(callback: Callback): boolean {
  return Function.prototype.toString.call(callback).includes('[native code]');
}
