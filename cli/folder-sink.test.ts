import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { folderSink } from './folder-sink';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lathe-sink-'));
});

afterEach(() => rm(folder, { recursive: true }));

test('a file that fails leaves the previous one in place, and no partial file', async () => {
  const sink = folderSink(join(folder, 'int8', 'lathe'));
  await sink.open('model.safetensors', 3);
  await sink.write(Uint8Array.of(1, 2));
  await sink.write(Uint8Array.of(3));
  await sink.close();
  await sink.open('model.safetensors', 2);
  await sink.write(Uint8Array.of(9));
  await sink.abort!();
  expect(await readdir(join(folder, 'int8', 'lathe'))).toEqual(['model.safetensors']);
  expect([...(await readFile(join(folder, 'int8', 'lathe', 'model.safetensors')))]).toEqual([1, 2, 3]);
});
