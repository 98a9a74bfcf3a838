import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { seededNormal } from '../../testing/allclose';
import type { ExportFile } from '../../export/export-format';
import { GzipSizes, type WhenIdle } from './gzip-sizes';

const MEBIBYTE = 1024 * 1024;

/** Weights as read from the GPU: pieces of a file, with a count of the pieces requested. */
function plannedFile(pieces: number, pieceBytes: number) {
  const values = new Uint8Array(seededNormal((pieces * pieceBytes) / 4, 3).buffer);
  const state = { requested: 0, ended: false };
  async function* chunks() {
    try {
      for (let start = 0; start < values.length; start += pieceBytes) {
        state.requested++;
        yield values.subarray(start, start + pieceBytes);
      }
    } finally {
      state.ended = true;
    }
  }
  const file: ExportFile = { path: 'model.safetensors', byteLength: values.length, chunks };
  return { values, state, file };
}

const atOnce: WhenIdle = async (step, signal) => {
  signal.throwIfAborted();
  return step();
};

test('the size of a file with pieces larger than a step equals that of zlib', async () => {
  const { values, file } = plannedFile(2, 2.5 * MEBIBYTE);
  const steps: number[] = [];
  const size = await new GzipSizes(atOnce).of(
    'base',
    { name: 'base', file },
    { onProgress: ({ done }) => steps.push(done / MEBIBYTE) },
  );
  expect(size / gzipSync(values).length).toBeCloseTo(1, 2);
  expect(steps).toEqual([1, 2, 2.5, 3.5, 4.5, 5]);
});

test('variants are measured one after the other, each once', async () => {
  const sizes = new GzipSizes(atOnce);
  const [a, b] = [plannedFile(3, 400), plannedFile(3, 400)];
  const order: string[] = [];
  const measure = (name: string, { file }: typeof a) =>
    sizes.of(name, { name, file }, { onProgress: () => order.push(name) });
  const [first, second, again] = await Promise.all([measure('a', a), measure('b', b), measure('a', a)]);
  expect(order.join('')).toBe('aaaaaabbb');
  expect([second, again]).toEqual([first, first]);
  expect([a.state.requested, b.state.requested]).toEqual([3, 3]);
});

test('an abort ends the wait, not the measurement', async () => {
  const sizes = new GzipSizes(atOnce);
  const { file, state } = plannedFile(3, 400);
  const controller = new AbortController();
  const waiting = sizes.of('base', { name: 'base', file }, { signal: controller.signal });
  controller.abort();
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  expect(await sizes.of('base', { name: 'base', file }, {})).toBeGreaterThan(1000);
  expect(state.requested).toBe(3);
});

test('discarding a variant ends its measurement and closes its file', async () => {
  const { file, state } = plannedFile(3, 400);
  const sizes = new GzipSizes(atOnce);
  const waiting = sizes.of('v', { name: 'v', file }, { onProgress: () => sizes.cancel('v') });
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  await expect.poll(() => state.ended).toBe(true);
  expect(state.requested).toBe(1);
});

test('a failure rejects all waiting calls, and the measurement may be repeated', async () => {
  const sizes = new GzipSizes(atOnce);
  const { file } = plannedFile(1, 400);
  // eslint-disable-next-line require-yield
  async function* broken(): AsyncGenerator<Uint8Array> {
    throw new Error('the device is gone');
  }
  const failing = { name: 'v', file: { ...file, chunks: broken } };
  await expect(sizes.of('v', failing, {})).rejects.toThrow('the device is gone');
  expect(await sizes.of('v', { name: 'v', file }, {})).toBeGreaterThan(300);
});
