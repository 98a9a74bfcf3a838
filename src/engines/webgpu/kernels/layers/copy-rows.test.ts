import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { readFloats, uploadTensor } from '../../transfer';
import { openNodeGpu } from '../../node-gpu';
import { copyColumns } from './copy-columns';
import { firstRows, rowRange } from './copy-rows';

beforeAll(() => openNodeGpu());

const width = 70;
const counting = (rows: number) =>
  uploadTensor(
    Float32Array.from({ length: rows * width }, (_, index) => index),
    [rows, width],
  );
const row = (index: number) => Array.from({ length: width }, (_, column) => index * width + column);

test('the first row of each sequence', async () => {
  const x = counting(6);
  const y = firstRows(x, 2);
  expect([...(await readFloats(y))]).toEqual([...row(0), ...row(3)]);
  tf.dispose([x, y]);
});

test('consecutive rows', async () => {
  const x = counting(6);
  const y = rowRange(x, 4, 2);
  expect([...(await readFloats(y))]).toEqual([...row(4), ...row(5)]);
  tf.dispose([x, y]);
});

test('a stretch of columns goes to rows of a cache and leaves the others as they are', async () => {
  const x = counting(2);
  const cache = uploadTensor(new Float32Array(4 * 3).fill(-1), [4, 3]);
  copyColumns(x, 5, cache, 1);
  expect([...(await readFloats(cache))]).toEqual([-1, -1, -1, 5, 6, 7, 75, 76, 77, -1, -1, -1]);
  tf.dispose([x, cache]);
});
