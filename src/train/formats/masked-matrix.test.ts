import { beforeAll, describe, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { readFloats, writeElements } from '../../engines/webgpu/transfer';
import { seededNormal } from '../../testing/allclose';
import { lossAndGradients } from '../../testing/matrix-loss';
import { DenseWeight } from '../../weights/formats/dense-weight';
import { blocksPattern } from '../../weights/formats/block-sparse-weight';
import { groupsPattern } from '../../weights/formats/n-of-m-weight';
import { SparseWeight, UNSTRUCTURED } from '../../weights/formats/sparse-weight';
import { isSparse, type SparsityPattern } from '../../weights/linear-weight';
import { MaskedMatrix } from './masked-matrix';

beforeAll(() => openNodeGpu());

const SHAPE = [6, 8] as const;
const VALUES = seededNormal(48, 1);
/** Two of every four columns. */
const MASK = Float32Array.from(VALUES, (_, index) => Number(index % 4 === 0 || index % 4 === 3));
const LOSS = { weights: new Float32Array(48).fill(1), targets: seededNormal(48, 2) };

async function unmasked(pattern: SparsityPattern): Promise<MaskedMatrix> {
  const weight = DenseWeight.fromValues(VALUES, SHAPE);
  const matrix = await MaskedMatrix.unmasked(weight, pattern, 'module');
  weight.dispose();
  return matrix;
}

test('is dense without a mask; masked values are 0 and have no gradient', async () => {
  const matrix = await unmasked(UNSTRUCTURED);
  expect(await readFloats(matrix.values)).toEqual(VALUES);
  const before = await lossAndGradients(matrix, LOSS);
  expect(before.gradients[0].every((gradient) => gradient !== 0)).toBe(true);
  matrix.setMask(MASK);
  expect(await matrix.readMask()).toEqual(MASK);
  const after = await lossAndGradients(matrix, LOSS);
  expect([...after.gradients[0]].map((value) => value || 0)).toEqual(
    [...before.gradients[0]].map((value, index) => value * MASK[index] || 0),
  );
  const expected = VALUES.reduce(
    (sum, value, index) => sum + (value * MASK[index] - LOSS.targets[index]) ** 2 / 2,
    0,
  );
  expect(after.loss / expected).toBeCloseTo(1, 5);
  // Masked values have not changed.
  expect(await readFloats(matrix.values)).toEqual(VALUES);
  matrix.dispose();
});

describe.each([
  ['sparse', UNSTRUCTURED],
  ['n-of-m', groupsPattern({ kept: 2, groupSize: 4 })],
] as const)('%s', (form, pattern) => {
  test('a kept value that trains to 0 stays in the pattern and keeps training', async () => {
    const matrix = await unmasked(pattern);
    matrix.setMask(MASK);
    writeElements(matrix.values, 0, new Float32Array(5));
    const weight = await matrix.toWeight();
    expect(weight.format).toBe(form);
    expect(weight.parameters).toBe(24);
    const expected = VALUES.map((value, index) => (index < 5 ? 0 : value * MASK[index] || 0));
    expect(await weight.dense()).toEqual(expected);
    if (!isSparse(weight)) throw new Error('It has no pattern.');
    const again = await MaskedMatrix.of(weight, 'module');
    expect(await again.readMask()).toEqual(MASK);
    for (const owned of [matrix, weight, again]) owned.dispose();
  });
});

test('a block with any kept weight is stored', async () => {
  const matrix = await unmasked(blocksPattern([4, 4]));
  const mask = Float32Array.from(VALUES, (_, index) => Number(index === 1 || index >= 44));
  matrix.setMask(mask);
  const weight = await matrix.toWeight();
  expect(weight.format).toBe('block-sparse');
  expect(weight.parameters).toBe(16 + 8);
  expect(await weight.dense()).toEqual(VALUES.map((value, index) => value * mask[index] || 0));
  matrix.dispose();
  weight.dispose();
});

test('refuses a mask that keeps more of a group than the pattern allows', async () => {
  const matrix = await unmasked(groupsPattern({ kept: 2, groupSize: 4 }));
  await expect(matrix.toWeight()).rejects.toThrow('4 nonzeros where 2 are kept');
  matrix.dispose();
});

test('a mask that keeps nothing gives a matrix of zeros', async () => {
  const weight = SparseWeight.fromDense(new Float32Array(48), SHAPE);
  const matrix = await MaskedMatrix.of(weight, 'module');
  const { gradients } = await lossAndGradients(matrix, LOSS);
  expect(gradients[0].every((gradient) => gradient === 0)).toBe(true);
  const same = await matrix.toWeight();
  expect(same.storedBytes).toBe(weight.storedBytes);
  for (const owned of [weight, matrix, same]) owned.dispose();
});
