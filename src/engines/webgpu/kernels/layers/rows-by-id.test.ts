import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../../node-gpu';
import { readFloats, uploadTensor } from '../../transfer';
import { expectAllClose, seededNormal, seededRandom } from '../../../../testing/allclose';
import { sumRowsById } from './rows-by-id';

beforeAll(() => openNodeGpu());

function drawnIds(count: number, ids: number): Int32Array {
  const random = seededRandom(3);
  return Int32Array.from({ length: count }, () => Math.floor(random() * ids));
}

test.each([
  ['few rows', drawnIds(9, 5), 6, 5],
  ['many rows of few ids', drawnIds(700, 3), 4, 8],
  ['one id only, others unused', new Int32Array(130).fill(2), 5, 3],
])('%s against float64, the same bits each time', async (_, ids, count, width) => {
  const values = seededNormal(ids.length * width, 1);
  const expected = new Float64Array(count * width);
  values.forEach(
    (value, index) => (expected[ids[Math.floor(index / width)] * width + (index % width)] += value),
  );
  const x = uploadTensor(values, [ids.length, width]);
  const [first, second] = [sumRowsById(x, ids, count), sumRowsById(x, ids, count)];
  const found = await readFloats(first);
  expect(first.shape).toEqual([count, width]);
  expectAllClose(found, expected, { absolute: 1e-5, relative: 1e-5 });
  expect(await readFloats(second)).toEqual(found);
  tf.dispose([x, first, second]);
});

test('an id that is none is refused', () => {
  const x = uploadTensor(new Float32Array(6), [2, 3]);
  expect(() => sumRowsById(x, Int32Array.of(0, 4), 4)).toThrow('Row 4 is asked for of a matrix of 4 rows.');
  x.dispose();
});
