import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../../node-gpu';
import { readTensorBytes, uploadTensor } from '../../transfer';
import { indexDigits } from './index-digits';

beforeAll(() => openNodeGpu());

test.each([
  [1, 7],
  [12, 16],
  [49, 41],
  [96, 2627],
])('digits of base %i, size %s, up to the ids of a large vocabulary', async (below, size) => {
  const values = Int32Array.from({ length: 4001 }, (_, index) => index * 63 + (index % 63));
  const ids = uploadTensor(values, [values.length]);
  const digits = indexDigits(ids, { below, size });
  expect(digits.dtype).toBe('int32');
  expect(new Int32Array(await readTensorBytes(digits))).toEqual(
    values.map((value) => Math.floor(value / below) % size),
  );
  tf.dispose([ids, digits]);
});

test('rows of a matrix that holds so many for each digit, or one in so many', async () => {
  const ids = uploadTensor(Int32Array.of(17, 3), [2]);
  const consecutive = indexDigits(ids, { below: 4, size: 3, count: 3, scale: 3, step: 1 });
  const apart = indexDigits(ids, { below: 1, size: 4, count: 2, step: 4 });
  expect([...new Int32Array(await readTensorBytes(consecutive))]).toEqual([3, 4, 5, 0, 1, 2]);
  expect([...new Int32Array(await readTensorBytes(apart))]).toEqual([1, 5, 3, 7]);
  tf.dispose([ids, consecutive, apart]);
});
