import { beforeAll, expect, test } from 'vitest';
import { METHODS } from '../../../src/compression/methods';
import { applyRecipe } from '../../../src/compression/recipe/apply-recipe';
import { checkRecipe } from '../../../src/compression/recipe/recipe';
import { openNodeGpu } from '../../../src/engines/webgpu/node-gpu';
import { describeExports, exportFormat, EXPORTS } from '../../../src/export/exports';
import { writeExport } from '../../../src/export/write-export';
import { loadModel } from '../../../src/model/load-model';
import { openFolder } from '../../../src/testing/folder-checkpoint';
import { memorySink } from '../../../src/testing/memory-sink';
import { withTiny } from '../../../src/testing/tiny-recipes';
import { numpyFolder, npyHeader } from './numpy-folder';

beforeAll(() => openNodeGpu());

const exports = [...EXPORTS, numpyFolder];
const recipe = { name: 'as it was', steps: [] };

test.each([
  [[2, 3], '(2, 3), }', 58],
  [[3], '(3,), }', 60],
])('the header of shape %j is the one that NumPy 2.4 writes', (shape, end, spaces) => {
  const dictionary = `{'descr': '<f4', 'fortran_order': False, 'shape': ${end}`;
  const text = String.fromCharCode(...npyHeader(shape));
  expect(text).toBe(`\x93NUMPY\x01\0v\0${dictionary}${' '.repeat(spaces)}\n`);
});

test('the arrays of an exported model are the tensors of its checkpoint', async () => {
  const checkpoint = await openFolder('src/testing/fixtures/tiny-gpt2');
  const model = await loadModel(checkpoint);
  const source = { model, recipe, tokenizerFiles: checkpoint.tokenizerFiles };
  const { sink, files } = memorySink();
  await writeExport(exportFormat('numpy', exports), source, sink, {});
  model.dispose();
  const written = new Map(files().map(({ path, blob }) => [path, blob]));
  for (const { name, shape, readBytes } of checkpoint.tensors.values()) {
    const array = written.get(`export/${name}.npy`)!;
    const header = npyHeader(shape);
    const bytes = new Uint8Array(await array.arrayBuffer());
    expect(bytes.subarray(0, header.length), name).toEqual(header);
    expect(bytes.subarray(header.length), name).toEqual(await readBytes());
    written.delete(`export/${name}.npy`);
  }
  expect([...written.keys()].sort()).toEqual([
    'export/config.json',
    'export/tokenizer.json',
    'export/tokenizer_config.json',
  ]);
});

test('the menu has it, and says of which models it is not', () =>
  withTiny('tiny-gpt2', async (model) => {
    const source = { model, recipe, tokenizerFiles: {} };
    expect(describeExports(source, exports).at(-1)).toMatchObject({ id: 'numpy', canHold: true });
    const truncation = {
      method: 'layer-truncation',
      targets: ['Linear'],
      parameters: { keep: 'first', layers: 1 },
    };
    const shorter = await applyRecipe(
      model,
      checkRecipe({ name: 'one block', steps: [truncation] }, METHODS),
    );
    expect(describeExports({ ...source, model: shorter.model }, exports).at(-1)!.canHold).toBe(
      'NumPy arrays are for models with all of their blocks; export the dense Hugging Face folder, which numbers them anew.',
    );
    shorter.model.dispose();
  }));
