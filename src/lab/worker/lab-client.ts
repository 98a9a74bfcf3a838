import { type Endpoint, proxy, wrap } from 'comlink';
import { LabError } from '../lab-error';
import { PendingCalls } from './pending-calls';
import type { Lab } from '../protocol/protocol';
import type { CallableFromAfar, RemoteLab } from './remote-lab';
import { takeApart } from './taken-apart';

/** The lab in a worker, with the interface of the lab itself. */
export interface LabClient extends Lab {
  /** Ends the worker and frees all that it holds. */
  terminate(): void;
}

/** Starts a worker with a lab in it. */
export function createLabClient(): LabClient {
  const worker = new Worker(new URL('./lab.worker.ts', import.meta.url), {
    type: 'module',
    name: 'lathe-lab',
  });
  const pending = new PendingCalls();
  worker.addEventListener('error', ({ message }) => {
    // A script that does not load gives an event without a message; nothing will ever answer then.
    const error = message
      ? new LabError(`The lab's worker failed (${message}); try again, or reload the page.`)
      : new LabError("The lab's worker could not be loaded; check the connection and reload the page.");
    pending.fail(error, !message);
  });
  return clientOver<Lab, Pick<LabClient, 'terminate'>>(worker, pending, {
    terminate: () => worker.terminate(),
  });
}

/**
 * An object with every method of `Remote`, which the other end of a message channel carries out, as `serveLab` exposes it
 * there. The methods need no list: the compiler knows them, and each crosses in the same way.
 * @param own methods of this side
 */
export function clientOver<Remote extends CallableFromAfar<Remote>, Own extends object>(
  endpoint: Endpoint,
  pending: PendingCalls,
  own: Own,
): Remote & Own {
  const remote = wrap<RemoteLab>(endpoint);
  return new Proxy(own, {
    get: (target, name) => {
      // An object with a method `then` would be taken for a promise.
      if (typeof name === 'symbol' || name === 'then' || Object.hasOwn(target, name))
        return Reflect.get(target, name) as unknown;
      return (...args: unknown[]) => pending.answer(() => call(remote, name, args));
    },
  }) as Remote & Own;
}

/** The lab at the other end of a message channel. */
export function labOver(endpoint: Endpoint, pending = new PendingCalls()): Lab {
  return clientOver<Lab, object>(endpoint, pending, {});
}

let operations = 0;

/** Calls a method of the other end, hands functions over as proxies, and passes an abort on. */
async function call(remote: RemoteLab, method: string, given: readonly unknown[]): Promise<unknown> {
  const { data: args, callbacks, signals } = takeApart(given);
  for (const { signal } of signals) signal.throwIfAborted();
  const operation = ++operations;
  const cancel = () => void remote.cancel(operation);
  for (const { signal } of signals) signal.addEventListener('abort', cancel);
  const places = {
    callbacks: callbacks.map(({ place }) => place),
    signals: signals.map(({ place }) => place),
  };
  try {
    return await remote.run(
      { operation, method, args, ...places },
      ...callbacks.map((callback) => proxy(callback.call)),
    );
  } finally {
    for (const { signal } of signals) signal.removeEventListener('abort', cancel);
  }
}
