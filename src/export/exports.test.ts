import { beforeAll, describe, expect, test } from 'vitest';
import { openNodeGpu } from '../engines/webgpu/node-gpu';
import { loadModel } from '../model/load-model';
import { openFolder } from '../testing/folder-checkpoint';
import { memorySink } from '../testing/memory-sink';
import type { ExportFormat, ExportSource } from './export-format';
import { dense } from './dense';
import { describeExports, exportFormat, EXPORTS } from './exports';
import { textFile } from './text-files';
import { writeExport } from './write-export';

const RECIPE = { name: 'as it was', steps: [] };

/** A minimal export that writes only names, for models of few layers. */
const toy: ExportFormat = {
  id: 'toy',
  title: 'A toy',
  summary: 'Holds the name of a variant.',
  canHold: ({ model }) =>
    model.config.layers < 2 || 'A toy holds at most one layer; truncate the model to one first.',
  plan: ({ recipe }) => [textFile('name.txt', recipe.name)],
};

beforeAll(() => openNodeGpu());

async function withTinyGpt2(work: (source: ExportSource) => Promise<void>): Promise<void> {
  const checkpoint = await openFolder('src/testing/fixtures/tiny-gpt2');
  const model = await loadModel(checkpoint);
  try {
    await work({ model, recipe: RECIPE, tokenizerFiles: checkpoint.tokenizerFiles });
  } finally {
    model.dispose();
  }
}

describe.each(EXPORTS)('$id', (format) => {
  test('each file is as long as planned', () =>
    withTinyGpt2(async (source) => {
      expect(format.canHold(source)).toBe(true);
      const files = format.plan(source);
      const { sink, files: written } = memorySink();
      const progress: number[] = [];
      await writeExport(format, source, sink, {
        onProgress: ({ done, total }) => progress.push(done / total),
      });
      expect(written().map(({ path, blob }) => [path, blob.size])).toEqual(
        files.map(({ path, byteLength }) => [`export/${path}`, byteLength]),
      );
      expect(progress.at(-1)).toBe(1);
    }));

  test('describes itself in one sentence', () => {
    expect(format.summary).toMatch(/^[A-Z][^.]*\.$/);
    expect(EXPORTS.filter(({ id }) => id === format.id)).toEqual([format]);
  });
});

test('an export is looked up by its id, and an unknown id is answered with the list of ids', () => {
  const exports = [dense, toy];
  expect(exportFormat('toy', exports)).toBe(toy);
  expect(() => exportFormat('gguf', exports)).toThrow(
    'There is no export "gguf"; the exports are dense, toy.',
  );
});

test('an export that cannot hold a variant says so, and writes nothing', () =>
  withTinyGpt2(async (source) => {
    const refusal = 'A toy holds at most one layer; truncate the model to one first.';
    expect(describeExports(source, [...EXPORTS, toy])).toEqual([
      ...describeExports(source),
      { id: 'toy', title: 'A toy', summary: 'Holds the name of a variant.', canHold: refusal },
    ]);
    const { sink, files } = memorySink();
    await expect(writeExport(toy, source, sink, {})).rejects.toThrow(refusal);
    expect(files()).toEqual([]);
  }));
