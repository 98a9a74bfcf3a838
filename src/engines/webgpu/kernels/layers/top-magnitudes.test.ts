import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../../node-gpu';
import { readFloats, uploadTensor } from '../../transfer';
import { seededNormal } from '../../../../testing/allclose';
import { topMagnitudes } from './top-magnitudes';

beforeAll(() => openNodeGpu());

async function keep(values: Float32Array, width: number, kept: number): Promise<number[]> {
  const x = uploadTensor(values, [values.length / width, width]);
  const y = topMagnitudes(x, kept);
  const result = Array.from(await readFloats(y));
  tf.dispose([x, y]);
  return result;
}

test.each([
  [1, 1, 1],
  [3, 7, 2],
  [5, 192, 96],
  [2, 769, 1],
  [4, 64, 64],
])('%i rows of %i: the greatest %i by sorting', async (rows, width, kept) => {
  const values = seededNormal(rows * width, 3);
  const expected = Array.from(values);
  for (let row = 0; row < rows; row++) {
    const magnitudes = values.slice(row * width, (row + 1) * width).map(Math.abs);
    const threshold = magnitudes.sort()[width - kept];
    for (let column = row * width; column < (row + 1) * width; column++) {
      if (Math.abs(values[column]) < threshold) expected[column] = 0;
    }
  }
  expect(await keep(values, width, kept)).toEqual(expected);
});

test('values equal at the threshold all stay, and a row of zeros stays one', async () => {
  const values = Float32Array.of(1, -2, 2, 0.5, 0, 0, 0, 0);
  expect(await keep(values, 4, 1)).toEqual([0, -2, 2, 0, 0, 0, 0, 0]);
});
