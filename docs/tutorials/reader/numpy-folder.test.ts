import { beforeAll, expect, test } from 'vitest';
import type { NamedBlob } from '../../../src/checkpoint/named-tensor';
import { openCheckpoint } from '../../../src/checkpoint/open-checkpoint';
import { READERS } from '../../../src/checkpoint/readers/readers';
import { openNodeGpu } from '../../../src/engines/webgpu/node-gpu';
import { loadModel } from '../../../src/model/load-model';
import { folderFiles, openFolder } from '../../../src/testing/folder-checkpoint';
import { weightsOfModel } from '../../../src/testing/weights-of-model';
import { numpyFolder } from './numpy-folder';

beforeAll(() => openNodeGpu());

const readers = [numpyFolder, ...READERS];
const FOLDER = 'src/testing/fixtures/tiny-gpt2';

/** An .npy file, its header as NumPy 2.4 writes it. */
function arrayFile(
  path: string,
  shape: string,
  bytes: Uint8Array,
  descr = '<f4',
  order = 'False',
): NamedBlob {
  const dictionary = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }`;
  const text = `\x93NUMPY\x01\0v\0${dictionary.padEnd(117)}\n`;
  const header = Uint8Array.from(text, (character) => character.charCodeAt(0));
  return { path, blob: new Blob([header, bytes.slice()]) };
}

const BYTES = new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6).buffer);

test('a model opens from arrays as from safetensors', async () => {
  const original = await openFolder(FOLDER);
  const texts = (await folderFiles(FOLDER)).filter(
    ({ path }) => !/(generation_config|expected|safetensors)/.test(path),
  );
  const arrays = [...original.tensors.values()].map(async ({ name, shape, readBytes }) =>
    arrayFile(
      `tiny-gpt2/${name}.npy`,
      `(${shape.join(', ')}${shape.length > 1 ? '' : ','})`,
      await readBytes(),
    ),
  );
  const checkpoint = await openCheckpoint([...texts, ...(await Promise.all(arrays))], readers);
  expect(checkpoint).toMatchObject({ name: 'tiny-gpt2', config: original.config, ignored: [] });
  const [model, same] = [await loadModel(original), await loadModel(checkpoint)];
  expect(await weightsOfModel(same)).toEqual(await weightsOfModel(model));
  model.dispose();
  same.dispose();
});

test('a tensor is read as far as it is asked for', async () => {
  const config = { path: 'a/config.json', blob: new Blob(['{"model_type":"gpt2"}']) };
  const array = arrayFile('a/wte.weight.npy', '(2, 3)', BYTES);
  const { tensors, totalBytes } = await openCheckpoint([config, array], readers);
  const { shape, dtype, readBytes } = tensors.get('wte.weight')!;
  expect([shape, dtype, totalBytes]).toEqual([[2, 3], 'F32', 152]);
  expect([...new Float32Array((await readBytes(4, 12)).buffer)]).toEqual([2, 3]);
});

test.each<[string, NamedBlob]>([
  ['in column-major order', arrayFile('a.npy', '(2, 3)', BYTES, '<f4', 'True')],
  ['of big-endian numbers', arrayFile('a.npy', '(2, 3)', BYTES, '>f4')],
  ['cut short', arrayFile('a.npy', '(2, 4)', BYTES)],
  ['that is none', { path: 'a.npy', blob: new Blob(['words']) }],
])('an array %s is one clear sentence', async (_, file) => {
  const config = { path: 'config.json', blob: new Blob(['{}']) };
  await expect(openCheckpoint([config, file], readers)).rejects.toThrow(
    'a.npy is no whole row-major array of <f4, <f2, <i4, <i8; save it again by numpy.save',
  );
});

test('what no reader reads names the reader among those that there are', async () => {
  const files = [{ path: 'model.gguf', blob: new Blob(['GGUF\x03\0\0\0']) }];
  await expect(openCheckpoint(files, readers)).rejects.toThrow(
    'Lathe opens a folder of NumPy arrays (config.json, an .npy file a tensor, and a tokenizer), or ',
  );
  await expect(openCheckpoint([arrayFile('a.npy', '(2, 3)', BYTES)], readers)).rejects.toThrow(
    'These NumPy arrays lack config.json; add it to what you drop.',
  );
});
