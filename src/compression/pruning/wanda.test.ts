import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { expectAllClose, seededNormal } from '../../testing/allclose';
import reference from '../../testing/fixtures/wanda.json';
import { outputError } from '../../testing/output-error';
import { NOfMWeight } from '../../weights/formats/n-of-m-weight';
import { SparseWeight } from '../../weights/formats/sparse-weight';
import { compressMatrix } from '../recipe/compress-matrix';

beforeAll(() => openNodeGpu());

const shape = [reference.weights.length, reference.weights[0].length] as const;
const weights = Float32Array.from(reference.weights.flat());
const inputs = Float32Array.from(reference.inputs.flat());

async function pruned(parameters: object, values = weights, given = inputs): Promise<Float32Array> {
  const weight = await compressMatrix('wanda', parameters, values, shape, given);
  const dense = await weight.dense();
  weight.dispose();
  return dense;
}

test.each(reference.results)(
  '$parameters keeps the same weights as the reference, unchanged',
  async ({ parameters, mask, error }) => {
    const dense = await pruned(parameters);
    const keeps = mask.join('');
    expect(Array.from(dense)).toEqual(
      Array.from(weights, (value, place) => (keeps[place] === '1' ? value : 0)),
    );
    expectAllClose([outputError(weights, dense, inputs, shape)], [error], { absolute: 0, relative: 1e-6 });
  },
);

test('with inputs of equal magnitude it is magnitude pruning of each row', async () => {
  const alike = Float32Array.from(inputs, (_, index) => (index % 2 ? 1 : -1));
  const dense = await pruned({ sparsity: 0.25 }, weights, alike);
  for (let row = 0; row < shape[0]; row++) {
    const before = weights.subarray(row * shape[1], (row + 1) * shape[1]).map(Math.abs);
    const after = dense.subarray(row * shape[1], (row + 1) * shape[1]);
    const least = before.slice().sort()[shape[1] / 4];
    expect(Array.from(after, (value) => value !== 0)).toEqual(Array.from(before, (value) => value >= least));
  }
});

test('a matrix that is already sparse keeps its zeros, and they count', async () => {
  const sparse = weights.map((value, index) => ((index * 7) % 10 < 3 ? 0 : value));
  const dense = await pruned({ sparsity: 0.5 }, sparse);
  expect(dense.filter((value) => value === 0)).toHaveLength(weights.length / 2);
  sparse.forEach((value, index) => value === 0 && expect(dense[index]).toBe(0));
});

test('inputs that are always 0 lose their weights first', async () => {
  const given = inputs.map((value, index) => (index % shape[1] < 6 ? 0 : value));
  const dense = await pruned({ sparsity: 6 / shape[1] }, weights, given);
  dense.forEach((value, index) => expect(value === 0).toBe(index % shape[1] < 6));
});

test.each([
  [{ sparsity: 0.5 }, SparseWeight],
  [{ pattern: '2:4' }, NOfMWeight],
  [{ pattern: '4:8', sparsity: 0.5 }, NOfMWeight],
])('%j is stored in its smallest format', async (parameters, form) => {
  const weight = await compressMatrix('wanda', parameters, weights, shape, inputs);
  expect(weight).toBeInstanceOf(form);
  expect(weight.parameters).toBe(weights.length / 2);
  weight.dispose();
});

test.each([
  [{}, 'needs a "sparsity" between 0 and 1'],
  [{ pattern: '2:4', sparsity: 0.7 }, 'fixes the sparsity at 0.5'],
  [{ pattern: '4:4' }, 'removes nothing'],
  [{ pattern: '2:5' }, 'its 48 columns are not a multiple of 5; choose an M that divides 48.'],
  [{ pattern: 'rows', sparsity: 0.5 }, 'or N:M such as'],
  [{ sparsity: 0.5, scope: 'layer' }, 'Unrecognized key'],
])('%j is refused in one sentence', async (parameters, message) => {
  await expect(compressMatrix('wanda', parameters, weights, shape, inputs)).rejects.toThrow(message);
});

test('an odd width and a single row', async () => {
  const values = seededNormal(13, 1);
  const weight = await compressMatrix('wanda', { sparsity: 0.4 }, values, [1, 13], seededNormal(26, 2));
  expect(weight.parameters).toBe(13 - 5);
  weight.dispose();
});
