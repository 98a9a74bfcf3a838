import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import { readFloats, uploadTensor } from '../../transfer';
import { expectAllClose, seededNormal } from '../../../../testing/allclose';
import { describeOnEachDevice } from '../../../../testing/each-device';
import { transposedProduct } from './transposed-product';

/** leftᵀ · right in float64. */
function reference(left: Float32Array, right: Float32Array, [terms, rows, columns]: number[]): Float64Array {
  const y = new Float64Array(rows * columns);
  for (let term = 0; term < terms; term++)
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++)
        y[row * columns + column] += left[term * rows + row] * right[term * columns + column];
  return y;
}

describeOnEachDevice(() => {
  test.each([
    [1, 1, 1],
    [3, 2, 5],
    [7, 20, 4],
    [130, 64, 65],
    [601, 17, 132],
    [1030, 72, 36],
  ])('%i terms, %i by %i, against float64', async (terms, rows, columns) => {
    const [left, right] = [seededNormal(terms * rows, 1), seededNormal(terms * columns, 2)];
    const a = uploadTensor(left, [terms, rows]);
    const b = uploadTensor(right, [terms, columns]);
    const y = transposedProduct(a, b);
    expect(y.shape).toEqual([rows, columns]);
    const expected = reference(left, right, [terms, rows, columns]);
    expectAllClose(await readFloats(y), expected, { absolute: 2e-6 * Math.sqrt(terms), relative: 1e-5 });
    tf.dispose([a, b, y]);
  });
});
