import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../gpu/node-gpu';
import { readTensorBytes, uploadTensor } from '../gpu/transfer';
import { indexDigit } from './index-digit';

beforeAll(() => openNodeGpu());

test.each([
  [1, 7],
  [12, 16],
  [49, 41],
  [96, undefined],
])('digits of base %i, size %s, up to the ids of a large vocabulary', async (below, size) => {
  const values = Int32Array.from({ length: 4001 }, (_, index) => index * 63 + (index % 63));
  const ids = uploadTensor(values, [values.length]) as tf.Tensor1D;
  const digits = indexDigit(ids, below, size);
  expect(digits.dtype).toBe('int32');
  expect(new Int32Array(await readTensorBytes(digits))).toEqual(
    values.map((value) => Math.floor(value / below) % (size ?? Infinity)),
  );
  tf.dispose([ids, digits]);
});
