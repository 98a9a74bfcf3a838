import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../../node-gpu';
import { readFloats, uploadTensor } from '../../transfer';
import { expectAllClose, seededNormal } from '../../../../testing/allclose';
import { columnSums } from './column-sums';

beforeAll(() => openNodeGpu());

test.each([
  [1, 1],
  [7, 3],
  [100, 65],
  [513, 192],
  [5000, 6],
])('%i rows of %i against float64', async (rows, width) => {
  const values = seededNormal(rows * width, 5);
  const [sums, squares, absolute, maxima] = [0, 1, 2, 3].map(() => new Float64Array(width));
  values.forEach((value, index) => {
    const column = index % width;
    sums[column] += value;
    squares[column] += value * value;
    absolute[column] += Math.abs(value);
    maxima[column] = Math.max(maxima[column], Math.abs(value));
  });
  const x = uploadTensor(values, [rows, width]);
  const measures = ['sums', 'squareSums', 'absoluteSums', 'absoluteMaxima'] as const;
  const results = measures.map((measure) => columnSums(x, measure));
  const found = await Promise.all(results.map((each) => readFloats(each)));
  // Sums of both signs may be near 0, where rounding errors are relatively large.
  expectAllClose(found[0], sums, { absolute: 1e-6 * Math.sqrt(rows), relative: 1e-5 });
  expectAllClose(found[1], squares, { absolute: 0, relative: 1e-5 });
  expectAllClose(found[2], absolute, { absolute: 0, relative: 1e-5 });
  expect(found[3]).toEqual(Float32Array.from(maxima));
  tf.dispose([x, ...results]);
});
