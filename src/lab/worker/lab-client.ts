import { type Endpoint, proxy, wrap } from 'comlink';
import { LabError } from '../lab-error';
import { PendingCalls } from './pending-calls';
import type { Lab, OperationOptions } from '../protocol/protocol';
import type { Callback, LabMethod, RemoteLab } from './remote-lab';

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
  return { ...labOver(worker, pending), terminate: () => worker.terminate() };
}

/** The lab at the other end of a message channel, as `serveLab` exposes it there. */
export function labOver(endpoint: Endpoint, pending = new PendingCalls()): Lab {
  const remote = wrap<RemoteLab>(endpoint);
  const cancellable = <T>(options: OperationOptions | undefined, start: StartOperation): Promise<T> =>
    pending.answer(() => withCancel<T>(options, remote.cancel, start));
  const call = <T>(method: LabMethod, args: unknown[], options?: OperationOptions): Promise<T> =>
    cancellable(options, (operation, names, callbacks) =>
      remote.run(operation, method, args, names, ...callbacks),
    );
  return {
    openDevice: (options) => call('openDevice', [], options),
    onDeviceLost: async (listener) => {
      // A worker that is gone took its device with it; the caller need not wait for either.
      pending
        .answer(() => remote.onDeviceLost(proxy(listener)))
        .catch((error: Error) => listener(error.message));
    },
    selfTest: (options) => call('selfTest', [], options),
    methods: () => call('methods', []),
    openCheckpoint: (files, options) => call('openCheckpoint', [files], options),
    checkRecipe: (recipe) => call('checkRecipe', [recipe]),
    provideText: (data) => call('provideText', [data]),
    calibrationCost: (recipe, options) => call('calibrationCost', [recipe], options),
    compress: (recipe, options) => call('compress', [recipe], options),
    controlTraining: (action) => call('controlTraining', [action]),
    unfinishedTraining: () => call('unfinishedTraining', []),
    finishedTraining: () => call('finishedTraining', []),
    forgetTraining: (id) => call('forgetTraining', [id]),
    profileSensitivity: (request, options) => call('profileSensitivity', [request], options),
    importVariant: (files, options) => call('importVariant', [files], options),
    discard: (variantId) => call('discard', [variantId]),
    gzipBytes: (variantId, options) => call('gzipBytes', [variantId], options),
    evaluate: (variantIds, request, options) => call('evaluate', [variantIds, request], options),
    measureLatency: (variantIds, request, options) => call('measureLatency', [variantIds, request], options),
    predict: (variantId, request, options) => call('predict', [variantId, request], options),
    histograms: (variantId, module) => call('histograms', [variantId, module]),
    memory: () => call('memory', []),
    export: (variantId, exportId, sink, options) =>
      cancellable(options, (operation, names, callbacks) =>
        remote.export(operation, [variantId, exportId], proxy(sink), names, ...callbacks),
      ),
  };
}

type StartOperation = (operation: number, names: string[], callbacks: Callback[]) => Promise<unknown>;

let operations = 0;

/** Numbers an operation, hands its callbacks over as proxies, and passes an abort on to the worker. */
async function withCancel<T>(
  options: OperationOptions | undefined,
  cancelRemote: (operation: number) => Promise<unknown>,
  start: StartOperation,
): Promise<T> {
  const { signal, ...rest } = options ?? {};
  signal?.throwIfAborted();
  const callbacks = Object.entries(rest).filter(
    (entry): entry is [string, Callback] => typeof entry[1] === 'function',
  );
  const operation = ++operations;
  const cancel = () => void cancelRemote(operation);
  signal?.addEventListener('abort', cancel);
  try {
    const names = callbacks.map(([name]) => name);
    return (await start(
      operation,
      names,
      callbacks.map(([, callback]) => proxy(callback)),
    )) as T;
  } finally {
    signal?.removeEventListener('abort', cancel);
  }
}
