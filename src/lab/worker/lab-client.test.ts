import { expose } from 'comlink';
import { afterEach, beforeEach, expect, expectTypeOf, test, vi } from 'vitest';
import { createLabClient, labOver } from './lab-client';
import { LabError } from '../lab-error';
import type {
  ExportSink,
  Lab,
  OperationOptions,
  Progress,
  TrainingPoint,
  VariantInfo,
  WeightHistograms,
} from '../protocol/protocol';
import type { RemoteCallable } from './remote-lab';
import { serveLab } from './serve-lab';

let channel: MessageChannel;
let far: Partial<Lab>;
let near: Lab;

beforeEach(() => {
  channel = new MessageChannel();
  far = {};
  expose(serveLab(far as Lab), channel.port1);
  near = labOver(channel.port2);
});

afterEach(() => {
  channel.port1.close();
  channel.port2.close();
  vi.unstubAllGlobals();
});

test('arguments, progress and the result are transferred', async () => {
  far.compress = async (recipe, options) => {
    options?.onProgress?.({ label: 'one', done: 1, total: 2, unit: 'matrices' });
    options?.onProgress?.({ label: 'two', done: 2, total: 2, unit: 'matrices' });
    return { id: (recipe as { name: string }).name } as VariantInfo;
  };
  const seen: Progress[] = [];
  const info = await near.compress({ name: 'int8' }, { onProgress: (progress) => seen.push(progress) });
  expect(info.id).toBe('int8');
  expect(seen.map(({ label }) => label)).toEqual(['one', 'two']);
});

test.each([
  ['the result', undefined],
  ['an error', new LabError('The device was lost.')],
])('all points of a curve arrive before %s', async (_, problem) => {
  const points = Array.from(
    { length: 50 },
    (_, step) => ({ step, steps: 49, heldOutLoss: 1 }) as TrainingPoint,
  );
  far.compress = async (_, options) => {
    for (const point of points) options?.onTraining?.(point);
    if (problem) throw problem;
    return {} as VariantInfo;
  };
  const seen: TrainingPoint[] = [];
  const outcome = near.compress({}, { onTraining: (point) => seen.push(point) });
  expect(await outcome.catch((error: Error) => error.message)).toEqual(problem?.message ?? {});
  expect(seen).toEqual(points);
});

test('an error keeps its name and message', async () => {
  far.discard = () => Promise.reject(new LabError('There is no variant "x".'));
  await expect(near.discard('x')).rejects.toMatchObject({
    name: 'LabError',
    message: 'There is no variant "x".',
  });
});

test('an abort reaches its operation', async () => {
  const waits = (options?: OperationOptions) =>
    new Promise<never>((_, reject) => {
      options!.signal!.addEventListener('abort', () => reject(options!.signal!.reason));
    });
  far.compress = (_, options) => waits(options);
  far.memory = async () => ({ usedBytes: 1, allocatedBytes: 2, tensors: 3 });
  const controller = new AbortController();
  const compressing = near.compress({}, { signal: controller.signal });
  const refused = expect(compressing).rejects.toMatchObject({ name: 'AbortError' });
  expect((await near.memory()).tensors).toBe(3);
  controller.abort();
  await refused;
  await expect(near.compress({}, { signal: controller.signal })).rejects.toMatchObject({
    name: 'AbortError',
  });
});

test('a sink is written from the other side, and its failure is returned', async () => {
  const written: number[] = [];
  const sink: ExportSink = {
    open: async () => undefined,
    write: async (bytes) => {
      if (written.length === 2) throw new Error('No space left');
      written.push(bytes.length);
    },
    close: async () => undefined,
  };
  far.export = async (_, exportId, { open, write, close }) => {
    await open('a', 3);
    await write(new Uint8Array(exportId === 'lathe' ? 3 : 4));
    await close();
  };
  await near.export('base', 'lathe', sink);
  await near.export('base', 'dense', sink);
  expect(written).toEqual([3, 4]);
  await expect(near.export('base', 'lathe', sink)).rejects.toThrow('No space left');
});

test('a method of the other end is called with its arguments', async () => {
  far = {
    memory: async () => ({ usedBytes: 0, allocatedBytes: 0, tensors: 7 }),
    histograms(...args) {
      return this.memory!().then(
        ({ tensors }) => ({ name: `${args.join()} ${tensors}` }) as WeightHistograms,
      );
    },
  };
  channel.port1.close();
  channel = new MessageChannel();
  expose(serveLab(far as Lab), channel.port1);
  near = labOver(channel.port2);
  expect(await near.histograms('base', 'h.0')).toEqual({ name: 'base,h.0 7' });
});

test('an optional method of a sink stays absent, and methods keep their object', async () => {
  const sink = {
    paths: [] as string[],
    async open(path: string) {
      this.paths.push(path);
    },
    write: async () => undefined,
    close: async () => undefined,
  };
  far.export = async (_id, _format, sink) => {
    expect(sink.abort).toBeUndefined();
    await sink.open('model.safetensors', 3);
  };
  await near.export('base', 'lathe', sink);
  expect(sink.paths).toEqual(['model.safetensors']);
});

test('methods that cannot be called remotely do not compile', () => {
  type Fits<T extends RemoteCallable<T>> = T;
  type Good = Fits<{
    call(data: { at: number[] }, options?: { on?: () => void; signal?: AbortSignal }): Promise<Blob>;
  }>;
  // @ts-expect-error a function nested too deep in an argument
  type Deep = Fits<{ call(data: { at: { on: () => void } }): Promise<void> }>;
  // @ts-expect-error a function in a result
  type Result = Fits<{ call(): Promise<{ on: () => void }> }>;
  // @ts-expect-error a synchronous result
  type Now = Fits<{ call(): number }>;
  expectTypeOf<Good | Deep | Result | Now>().not.toBeAny();
});

test('a lost device is reported', async () => {
  far.onDeviceLost = async (listener) => listener('The graphics device was lost.');
  const message = await new Promise((resolve) => void near.onDeviceLost(resolve));
  expect(message).toBe('The graphics device was lost.');
});

/** Worker that never answers and fails when the test decides. */
class SilentWorker extends EventTarget {
  static last: SilentWorker;
  constructor() {
    super();
    SilentWorker.last = this;
  }
  postMessage() {}
  terminated = false;
  terminate() {
    this.terminated = true;
  }
  fail(message?: string) {
    this.dispatchEvent(Object.assign(new Event('error'), message ? { message } : {}));
  }
}

test('a worker that fails to load rejects pending and later calls', async () => {
  vi.stubGlobal('Worker', SilentWorker);
  const client = createLabClient();
  const waiting = expect(client.methods()).rejects.toThrow('could not be loaded');
  const listening = expect(client.onDeviceLost(() => undefined)).rejects.toThrow('could not be loaded');
  SilentWorker.last.fail();
  await waiting;
  await listening;
  await expect(client.memory()).rejects.toThrow('reload the page');
});

test('a client is not a promise and terminates its worker', async () => {
  vi.stubGlobal('Worker', SilentWorker);
  const client = createLabClient();
  expect(await Promise.resolve(client)).toBe(client);
  client.terminate();
  expect(SilentWorker.last.terminated).toBe(true);
});

test('an error inside the worker rejects pending calls; later calls are tried', async () => {
  vi.stubGlobal('Worker', SilentWorker);
  const client = createLabClient();
  const waiting = expect(client.methods()).rejects.toThrow('worker failed (out of memory)');
  SilentWorker.last.fail('out of memory');
  await waiting;
  const again = expect(client.methods()).rejects.toThrow('(once more)');
  SilentWorker.last.fail('once more');
  await again;
});
