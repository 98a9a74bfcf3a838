import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { gpuMemory } from '../engines/webgpu/memory';
import { openNodeGpu } from '../engines/webgpu/node-gpu';
import { readFloats } from '../engines/webgpu/transfer';
import { openFolder } from '../testing/folder-checkpoint';
import { GPT2_SMALL, writeRandomGpt2 } from '../testing/random-gpt2';
import { loadModel } from './load-model';

const MEBIBYTE = 1024 * 1024;
const HEAP_LIMIT = 200_000_000;
const tokenizer = join(import.meta.dirname, '../../public/models/fairy-tales-gpt2');

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lathe-large-'));
  await writeRandomGpt2(folder, GPT2_SMALL, tokenizer);
  await openNodeGpu({ maxBindingBytes: 128 * MEBIBYTE });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test('a GPT-2 of 500 MB loads with a small heap, on a device with bindings of at most 128 MiB', async () => {
  const checkpoint = await openFolder(folder);
  const before = inMemory();
  let greatest = 0;
  const model = await loadModel(checkpoint, {
    onProgress: () => {
      greatest = Math.max(greatest, inMemory() - before);
    },
  });
  expect(checkpoint.totalBytes).toBeGreaterThan(495_000_000);
  expect(greatest).toBeLessThan(HEAP_LIMIT);
  expect(gpuMemory().usedBytes).toBeGreaterThan(497_000_000);

  // The last row of the embedding is in its second buffer, and the head reads both.
  const logits = model.logits({ ids: Int32Array.of(50256, 3), batch: 1, length: 2 });
  const values = await readFloats(logits);
  expect(values).toHaveLength(2 * GPT2_SMALL.vocabulary);
  expect(values.every(Number.isFinite)).toBe(true);
  expect(values[50256]).not.toBe(0);
  logits.dispose();
  model.dispose();
});

/** Bytes of objects and of array buffers. */
function inMemory(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
