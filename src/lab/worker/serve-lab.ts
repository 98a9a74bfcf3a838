import type { Lab } from '../protocol/protocol';
import type { Callback, RemoteLab } from './remote-lab';
import { restoreArguments } from './taken-apart';
import { throttlePoints } from './throttle-points';
import { throttleProgress } from './throttle-progress';

/** Throttles, by name, for callbacks that may be called more often than a page can draw. */
const THROTTLES: Readonly<Record<string, (callback: Callback) => Callback>> = {
  onProgress: (callback) => throttleProgress(callback) as Callback,
  onTraining: (callback) => throttlePoints(callback) as Callback,
};

/** Exposes a lab to another thread: restores the arguments and creates an abort controller for each operation. */
export function serveLab(lab: Lab): RemoteLab {
  const controllers = new Map<number, AbortController>();
  const methods = lab as unknown as Readonly<Record<string, (...args: unknown[]) => Promise<unknown>>>;

  return {
    async run({ operation, method, args, callbacks, signals }, ...functions) {
      const controller = new AbortController();
      controllers.set(operation, controller);
      const unanswered = new Set<unknown>();
      const parts = callbacks.map((place, index) => {
        const callback = tracked(unanswered, functions[index]);
        return { place, value: THROTTLES[place.member ?? '']?.(callback) ?? callback };
      });
      const ofSignals = signals.map((place) => ({ place, value: controller.signal }));
      try {
        return await methods[method](...restoreArguments(args, [...parts, ...ofSignals]));
      } finally {
        // Each callback has its own channel, on which a call may arrive after the result.
        await Promise.all(unanswered);
        controllers.delete(operation);
      }
    },
    cancel: async (operation) => controllers.get(operation)?.abort(),
  };
}

/** Wraps a callback so that each call stays in `unanswered` until the other side has answered it. */
function tracked(unanswered: Set<unknown>, callback: Callback): Callback {
  return (...args) => {
    const answer = Promise.resolve(callback(...args));
    const pending: Promise<unknown> = answer.catch(() => undefined).then(() => unanswered.delete(pending));
    unanswered.add(pending);
    return answer;
  };
}
