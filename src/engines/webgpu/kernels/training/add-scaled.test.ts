import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../../node-gpu';
import { readFloats, uploadTensor } from '../../transfer';
import { expectAllClose, seededNormal } from '../../../../testing/allclose';
import { addScaled } from './add-scaled';

beforeAll(() => openNodeGpu());

test.each([1, 3, 130, 4096, 70_001])('%i values', async (size) => {
  const [y, x] = [1, 2].map((seed) => seededNormal(size, seed));
  const [sum, summand] = [y, x].map((values) => uploadTensor(values, [size]));
  addScaled(sum, summand, -0.25);
  const expected = y.map((value, index) => value - 0.25 * x[index]);
  expectAllClose(await readFloats(sum), expected, { absolute: 1e-6, relative: 0 });
  expect(await readFloats(summand)).toEqual(x);
  sum.dispose();
  summand.dispose();
});

test('what has another size is refused', () => {
  const [sum, summand] = [2, 3].map((size) => uploadTensor(new Float32Array(size), [size]));
  expect(() => addScaled(sum, summand, 1)).toThrow('3 cannot be added to 2');
  sum.dispose();
  summand.dispose();
});
