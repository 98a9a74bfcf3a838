import type { Lab } from '../protocol/protocol';
import type { Callback, RemoteLab } from './remote-lab';
import { throttlePoints } from './throttle-points';
import { throttleProgress } from './throttle-progress';

/** Callbacks that may come more often than a page can draw. */
const THROTTLES: Readonly<Record<string, (callback: Callback) => Callback>> = {
  onProgress: (callback) => throttleProgress(callback) as Callback,
  onTraining: (callback) => throttlePoints(callback) as Callback,
};

/** A lab as it is exposed to another thread: options put together again, a controller for each operation. */
export function serveLab(lab: Lab): RemoteLab {
  const controllers = new Map<number, AbortController>();

  async function cancellable(
    operation: number,
    names: string[],
    callbacks: Callback[],
    start: (options: Record<string, unknown>) => Promise<unknown>,
  ): Promise<unknown> {
    const controller = new AbortController();
    controllers.set(operation, controller);
    const unheard = new Set<unknown>();
    const options = Object.fromEntries(
      names.map((name, index) => {
        const callback = noting(unheard, callbacks[index]);
        return [name, THROTTLES[name]?.(callback) ?? callback];
      }),
    );
    try {
      return await start({ ...options, signal: controller.signal });
    } finally {
      // Each callback has a channel of its own, on which a call may come later than the result that was sent after it.
      await Promise.all(unheard);
      controllers.delete(operation);
    }
  }

  return {
    run: (operation, method, args, names, ...callbacks) =>
      cancellable(operation, names, callbacks, (options) => {
        const call = lab[method] as (...all: unknown[]) => Promise<unknown>;
        return call.apply(lab, [...args, options]);
      }),
    export: (operation, [variantId, exportId], sink, names, ...callbacks) =>
      cancellable(operation, names, callbacks, (options) => lab.export(variantId, exportId, sink, options)),
    cancel: async (operation) => controllers.get(operation)?.abort(),
    onDeviceLost: (listener) => lab.onDeviceLost(listener),
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
