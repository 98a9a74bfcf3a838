import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../../node-gpu';
import { readFloats, uploadTensor } from '../../transfer';
import { expectAllClose, seededNormal } from '../../../../testing/allclose';
import { positionSums } from './position-sums';

beforeAll(() => openNodeGpu());

test.each([
  [3, 5, 7, 6],
  [4, 9, 9, 8],
  [1, 1, 2, 1],
])('%i sequences of %i, %i positions, width %i', async (batch, length, positions, width) => {
  const values = seededNormal(batch * length * width, 1);
  const expected = new Float64Array(positions * width);
  values.forEach((value, index) => (expected[index % (length * width)] += value));
  const x = uploadTensor(values, [batch * length, width]);
  const y = positionSums(x, length, positions);
  expect(y.shape).toEqual([positions, width]);
  expectAllClose(await readFloats(y), expected);
  tf.dispose([x, y]);
});
