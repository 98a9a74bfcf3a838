import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import { readFloats, uploadTensor } from '../../transfer';
import { expectAllClose, seededNormal } from '../../../../testing/allclose';
import { describeOnEachDevice } from '../../../../testing/each-device';
import { stridedSumsOfProducts } from './strided-sums';

describeOnEachDevice(() => {
  test.each([
    ['rows', { sums: 5, terms: 7, stride: 7, step: 1 }],
    ['columns', { sums: 67, terms: 300, stride: 1, step: 67 }],
    ['one long run', { sums: 1, terms: 70_000, stride: 70_000, step: 1 }],
    ['one term each', { sums: 129, terms: 1, stride: 1, step: 129 }],
  ])('%s agree with sums in float64', async (_, layout) => {
    const { sums, terms, stride, step } = layout;
    const [left, right] = [seededNormal(sums * terms, 1), seededNormal(sums * terms, 2)];
    const expected = Float64Array.from({ length: sums }, (_, sum) => {
      let total = 0;
      for (let term = 0; term < terms; term++) {
        const at = sum * stride + term * step;
        total += left[at] * right[at];
      }
      return total;
    });
    const [a, b] = [left, right].map((values) => uploadTensor(values, [values.length]));
    const y = stridedSumsOfProducts(a, b, layout);
    expect(y.shape).toEqual([sums]);
    expectAllClose(await readFloats(y), expected, { absolute: 1e-6 * Math.sqrt(terms), relative: 1e-5 });
    tf.dispose([a, b, y]);
  });
});
