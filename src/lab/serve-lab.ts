import type { Lab } from './protocol';
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
    const options = Object.fromEntries(
      names.map((name, index) => [name, THROTTLES[name]?.(callbacks[index]) ?? callbacks[index]]),
    );
    try {
      return await start({ ...options, signal: controller.signal });
    } finally {
      controllers.delete(operation);
    }
  }

  return {
    run: (operation, method, args, names, ...callbacks) =>
      cancellable(operation, names, callbacks, (options) => {
        const call = lab[method] as (...all: unknown[]) => Promise<unknown>;
        return call.apply(lab, [...args, options]);
      }),
    export: (operation, [variantId, format], sink, names, ...callbacks) =>
      cancellable(operation, names, callbacks, (options) => lab.export(variantId, format, sink, options)),
    cancel: async (operation) => controllers.get(operation)?.abort(),
    onDeviceLost: (listener) => lab.onDeviceLost(listener),
  };
}
