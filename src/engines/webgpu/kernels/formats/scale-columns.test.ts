import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../../node-gpu';
import { readFloats, uploadTensor } from '../../transfer';
import { seededNormal } from '../../../../testing/allclose';
import { scaleColumns } from './scale-columns';

beforeAll(() => openNodeGpu());

test.each([
  [1, 1],
  [5, 7],
  [33, 20],
  [3, 258],
])('%i × %i', async (rows, width) => {
  const [values, factors] = [seededNormal(rows * width, 1), seededNormal(width, 2)];
  const x = uploadTensor(values, [rows, width]);
  const scales = uploadTensor(factors, [width]);
  const y = scaleColumns(x, scales);
  // A product of two float32 values is rounded once.
  expect(await readFloats(y)).toEqual(values.map((value, index) => value * factors[index % width]));
  tf.dispose([x, scales, y]);
});
