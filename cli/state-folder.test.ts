import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stateFolder } from './state-folder';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lathe-states-'));
});

afterEach(() => rm(folder, { recursive: true }));

test('files are written from pieces, replaced, read in part and removed', async () => {
  const files = stateFolder(join(folder, 'made', 'when needed'));
  expect(await files.names()).toEqual([]);
  expect(await files.read('a')).toBeUndefined();
  await files.write('a', [Uint8Array.of(1, 2), Uint8Array.of(3)]);
  await files.write('b', [Uint8Array.of(9)]);
  await files.write('a', [Uint8Array.of(4, 5), Uint8Array.of(6, 7)]);
  expect([...(await files.read('a'))!]).toEqual([4, 5, 6, 7]);
  expect([...(await files.read('a', 1, 3))!]).toEqual([5, 6]);
  expect([...(await files.read('a', 3, 9))!]).toEqual([7]);
  await files.remove('b');
  await files.remove('b');
  expect(await files.names()).toEqual(['a']);
  expect(await files.budget!()).toBeUndefined();
  expect(await stateFolder(folder, 3).budget!()).toBe(3_000_000);
});

test('a partially written file does not exist', async () => {
  const files = stateFolder(folder);
  await files.write('a', [Uint8Array.of(1)]);
  await writeFile(join(folder, 'a.part'), 'half of it');
  await writeFile(join(folder, 'b.part'), 'half of it');
  expect(await files.names()).toEqual(['a']);
  expect([...(await files.read('a'))!]).toEqual([1]);
  await files.write('a', [Uint8Array.of(2)]);
  expect((await readdir(folder)).sort()).toEqual(['a', 'b.part']);
});
