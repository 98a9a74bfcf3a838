import { type Endpoint, proxy, wrap } from 'comlink';
import { LabError } from '../lab-error';
import { PendingCalls } from './pending-calls';
import type { Lab } from '../protocol/protocol';
import type { RemoteCallable, RemoteLab } from './remote-lab';
import { extractCallbacks } from './taken-apart';

/** Lab in a worker, with the same interface. */
export interface LabClient extends Lab {
  /** Ends the worker and frees its resources. */
  terminate(): void;
}

/** Starts a worker with a lab. */
export function createLabClient(): LabClient {
  const worker = new Worker(new URL('./lab.worker.ts', import.meta.url), {
    type: 'module',
    name: 'lathe-lab',
  });
  const pending = new PendingCalls();
  worker.addEventListener('error', ({ message }) => {
    // A script that fails to load gives an event without a message, and no call will be answered.
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
 * Proxy with every method of `Remote`, executed at the other end of a message channel by `serveLab`. The methods need no
 * list: the compiler knows them, and all are called in the same way.
 * @param local methods of this side
 */
export function clientOver<Remote extends RemoteCallable<Remote>, Own extends object>(
  endpoint: Endpoint,
  pending: PendingCalls,
  local: Own,
): Remote & Own {
  const remote = wrap<RemoteLab>(endpoint);
  return new Proxy(local, {
    get: (target, name) => {
      // An object with a method `then` would be treated as a promise.
      if (typeof name === 'symbol' || name === 'then' || Object.hasOwn(target, name))
        return Reflect.get(target, name) as unknown;
      return (...args: unknown[]) => pending.answer(() => call(remote, name, args));
    },
  }) as Remote & Own;
}

/** Lab at the other end of a message channel. */
export function labOver(endpoint: Endpoint, pending = new PendingCalls()): Lab {
  return clientOver<Lab, object>(endpoint, pending, {});
}

let operations = 0;

/** Calls a method of the other end, passing functions as proxies and forwarding aborts. */
async function call(remote: RemoteLab, method: string, values: readonly unknown[]): Promise<unknown> {
  const { data: args, callbacks, signals } = extractCallbacks(values);
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
