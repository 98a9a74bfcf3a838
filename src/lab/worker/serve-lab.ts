import type { Lab } from '../protocol/protocol';
import type { Callback, RemoteLab } from './remote-lab';
import { putBack } from './taken-apart';
import { throttlePoints } from './throttle-points';
import { throttleProgress } from './throttle-progress';

/** Callbacks that may come more often than a page can draw, by their names. */
const THROTTLES: Readonly<Record<string, (callback: Callback) => Callback>> = {
  onProgress: (callback) => throttleProgress(callback) as Callback,
  onTraining: (callback) => throttlePoints(callback) as Callback,
};

/** A lab as it is exposed to another thread: arguments put together again, a controller for each operation. */
export function serveLab(lab: Lab): RemoteLab {
  const controllers = new Map<number, AbortController>();
  const methods = lab as unknown as Readonly<Record<string, (...args: unknown[]) => Promise<unknown>>>;

  return {
    async run({ operation, method, args, callbacks, signals }, ...functions) {
      const controller = new AbortController();
      controllers.set(operation, controller);
      const unheard = new Set<unknown>();
      const parts = callbacks.map((place, index) => {
        const callback = noting(unheard, functions[index]);
        return { place, value: THROTTLES[place.member ?? '']?.(callback) ?? callback };
      });
      const ofSignals = signals.map((place) => ({ place, value: controller.signal }));
      try {
        return await methods[method](...putBack(args, [...parts, ...ofSignals]));
      } finally {
        // Each callback has a channel of its own, on which a call may come later than the result that was sent after it.
        await Promise.all(unheard);
        controllers.delete(operation);
      }
    },
    cancel: async (operation) => controllers.get(operation)?.abort(),
  };
}

/** The callback, with each call among the `unheard` until the other side has answered it. */
function noting(unheard: Set<unknown>, callback: Callback): Callback {
  return (...args) => {
    const answer = Promise.resolve(callback(...args));
    const heard: Promise<unknown> = answer.catch(() => undefined).then(() => unheard.delete(heard));
    unheard.add(heard);
    return answer;
  };
}
