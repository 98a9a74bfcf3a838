import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { exportVariants } from './export-variants';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lathe-exports-'));
});

afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true });
});

test('every export that can hold a variant is written; for the others the reason is printed', async () => {
  let errors = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((errors += text), true));
  const toy = { id: 'toy', title: 'A toy', summary: 'Holds names.' };
  const refusal = 'a toy holds at most one layer; drop the others first.';
  await exportVariants(
    {
      async export(variantId, exportId, sink) {
        const bytes = new TextEncoder().encode(`${variantId} as ${exportId}`);
        await sink.open('toy.txt', bytes.length);
        await sink.write(bytes);
        await sink.close();
      },
    },
    [
      { id: 'base', name: 'model', exports: [{ ...toy, canHold: refusal }] },
      { id: 'variant-1', name: 'one layer', exports: [{ ...toy, canHold: true }] },
    ],
    folder,
  );
  expect(await readdir(folder)).toEqual(['one-layer']);
  expect(await readFile(join(folder, 'one-layer/toy/toy.txt'), 'utf8')).toBe('variant-1 as toy');
  expect(errors).toBe(`lathe: model is not exported as toy: ${refusal}\n`);
});
