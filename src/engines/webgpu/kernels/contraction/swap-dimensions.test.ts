import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../../node-gpu';
import { readFloats, uploadTensor } from '../../transfer';
import { swapDimensions, transposed } from './swap-dimensions';

beforeAll(() => openNodeGpu());

test.each([[[2, 3, 4, 5]], [[1, 1, 7, 1]], [[3, 9, 2, 12]]] as [[number, number, number, number]][])(
  'the middle of %j is swapped, and back',
  async (sizes) => {
    const [n0, n1, n2, n3] = sizes;
    const values = Float32Array.from({ length: n0 * n1 * n2 * n3 }, (_, index) => index);
    const x = uploadTensor(values, [values.length]);
    const y = swapDimensions(x, sizes, [n0 * n2, n1, n3]);
    expect(y.shape).toEqual([n0 * n2, n1, n3]);
    const expected = new Float32Array(values.length);
    let source = 0;
    for (let i = 0; i < n0; i++)
      for (let j = 0; j < n1; j++)
        for (let k = 0; k < n2; k++)
          for (let l = 0; l < n3; l++) expected[((i * n2 + k) * n1 + j) * n3 + l] = source++;
    expect(await readFloats(y)).toEqual(expected);
    const back = swapDimensions(y, [n0, n2, n1, n3], [values.length]);
    expect(await readFloats(back)).toEqual(values);
    tf.dispose([x, y, back]);
  },
);

test('a matrix is transposed', async () => {
  const x = uploadTensor(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
  const y = transposed(x);
  expect(y.shape).toEqual([3, 2]);
  expect([...(await readFloats(y))]).toEqual([1, 4, 2, 5, 3, 6]);
  tf.dispose([x, y]);
});
