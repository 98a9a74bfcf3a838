import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../gpu/node-gpu';
import { readFloats, uploadTensor } from '../gpu/transfer';
import { expectAllClose, seededNormal } from '../testing/allclose';
import { columnSums } from './column-sums';

beforeAll(() => openNodeGpu());

test.each([
  [1, 1],
  [7, 3],
  [100, 65],
  [513, 192],
])('%i rows of %i against float64', async (rows, width) => {
  const values = seededNormal(rows * width, 5);
  const [squares, absolute, maxima] = [0, 1, 2].map(() => new Float64Array(width));
  values.forEach((value, index) => {
    const column = index % width;
    squares[column] += value * value;
    absolute[column] += Math.abs(value);
    maxima[column] = Math.max(maxima[column], Math.abs(value));
  });
  const x = uploadTensor(values, [rows, width]) as tf.Tensor2D;
  const measures = ['squareSums', 'absoluteSums', 'absoluteMaxima'] as const;
  const results = measures.map((measure) => columnSums(x, measure));
  const [foundSquares, foundAbsolute, foundMaxima] = await Promise.all(
    results.map((each) => readFloats(each)),
  );
  expectAllClose(foundSquares, squares, { absolute: 0, relative: 1e-5 });
  expectAllClose(foundAbsolute, absolute, { absolute: 0, relative: 1e-5 });
  expect(foundMaxima).toEqual(Float32Array.from(maxima));
  tf.dispose([x, ...results]);
});
