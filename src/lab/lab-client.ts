import { proxy, wrap } from 'comlink';
import type { Lab, OperationOptions } from './protocol';
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
  const remote = wrap<RemoteLab>(worker);
  const call = <T>(method: LabMethod, args: unknown[], options?: OperationOptions): Promise<T> =>
    withCancel(options, remote.cancel, (operation, names, callbacks) =>
      remote.run(operation, method, args, names, ...callbacks),
    );
  return {
    openDevice: (options) => call('openDevice', [], options),
    onDeviceLost: (listener) => remote.onDeviceLost(proxy(listener)),
    methods: () => call('methods', []),
    openCheckpoint: (files, options) => call('openCheckpoint', [files], options),
    checkRecipe: (recipe) => call('checkRecipe', [recipe]),
    compress: (recipe, options) => call('compress', [recipe], options),
    importVariant: (files, options) => call('importVariant', [files], options),
    discard: (variantId) => call('discard', [variantId]),
    evaluate: (variantIds, request, options) => call('evaluate', [variantIds, request], options),
    measureLatency: (variantIds, request, options) => call('measureLatency', [variantIds, request], options),
    predict: (variantId, request, options) => call('predict', [variantId, request], options),
    histograms: (variantId, module) => call('histograms', [variantId, module]),
    memory: () => call('memory', []),
    export: (variantId, format, sink, options) =>
      withCancel(options, remote.cancel, (operation, names, callbacks) =>
        remote.export(operation, [variantId, format], proxy(sink), names, ...callbacks),
      ),
    terminate: () => worker.terminate(),
  };
}

let operations = 0;

/** Numbers an operation, hands its callbacks over as proxies, and passes an abort on to the worker. */
async function withCancel<T>(
  options: OperationOptions | undefined,
  cancelRemote: (operation: number) => Promise<unknown>,
  start: (operation: number, names: string[], callbacks: Callback[]) => Promise<unknown>,
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
