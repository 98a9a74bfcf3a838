import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import { readTensorBytes, uploadTensor } from '../../transfer';
import { seededNormal } from '../../../../testing/allclose';
import { describeOnEachDevice } from '../../../../testing/each-device';
import { argmaxRows } from './argmax-rows';

async function argmax(values: Float32Array, rows: number, vocabulary: number): Promise<number[]> {
  const logits = uploadTensor(values, [rows, vocabulary]);
  const tops = argmaxRows(logits);
  const indices = new Int32Array(await readTensorBytes(tops));
  tf.dispose([logits, tops]);
  return [...indices];
}

describeOnEachDevice(() => {
  // Rows of whole quads; rows that begin within a quad; rows shorter than a quad.
  test.each([
    [4, 300],
    [5, 301],
    [6, 2051],
    [9, 3],
    [5, 2],
  ])('%i rows of %i', async (rows, vocabulary) => {
    const values = seededNormal(rows * vocabulary, 8).map((value) => value * 5 - 40);
    const expected = Array.from({ length: rows }, (_, row) => {
      const slice = values.subarray(row * vocabulary, (row + 1) * vocabulary);
      return slice.indexOf(slice.reduce((a, b) => Math.max(a, b)));
    });
    expect(await argmax(values, rows, vocabulary)).toEqual(expected);
  });

  test('the only logit that is not ruled out by -Infinity; some column where none is a number', async () => {
    const [rows, vocabulary] = [3, 41];
    const values = new Float32Array(rows * vocabulary).fill(-Infinity);
    values[30] = -7;
    values[vocabulary + 3] = 2;
    values.fill(NaN, 2 * vocabulary);
    const [first, second, third] = await argmax(values, rows, vocabulary);
    expect([first, second]).toEqual([30, 3]);
    expect(third).toBeGreaterThanOrEqual(0);
    expect(third).toBeLessThan(vocabulary);
  });

  test.each([300, 301, 302, 303])('the lowest of equal indices, rows of %i', async (vocabulary) => {
    for (const [first, second] of [
      [0, vocabulary - 1],
      [1, 2],
      [16, 250],
      [17, 248],
      [vocabulary - 2, vocabulary - 1],
    ]) {
      const values = seededNormal(3 * vocabulary, 8);
      for (const row of [0, 1, 2]) {
        values[row * vocabulary + first] = values[row * vocabulary + second] = 100;
      }
      expect(await argmax(values, 3, vocabulary)).toEqual([first, first, first]);
    }
  });
});
