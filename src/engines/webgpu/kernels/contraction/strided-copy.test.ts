import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../../node-gpu';
import { readFloats, uploadTensor } from '../../transfer';
import { stridedCopy } from './strided-copy';

beforeAll(() => openNodeGpu());

test.each([
  [[2, 3, 4, 5]],
  [[1, 1, 7, 1]],
  [[5, 33, 2, 3]],
  // The first dimension exceeds a device's maximum number of workgroups.
  [[70_001, 1, 2, 1]],
] as [[number, number, number, number]][])('a box of %j is turned round', async (sizes) => {
  const [n0, n1, n2, n3] = sizes;
  const values = Float32Array.from({ length: n0 * n1 * n2 * n3 }, (_, index) => index);
  const x = uploadTensor(values, [values.length]);
  const y = stridedCopy(
    x,
    sizes,
    [n1 * n2 * n3, n2 * n3, n3, 1],
    [1, n0, n0 * n1, n0 * n1 * n2],
    [n3 * n2, n1 * n0],
  );
  const expected = new Float32Array(values.length);
  let source = 0;
  for (let i0 = 0; i0 < n0; i0++)
    for (let i1 = 0; i1 < n1; i1++)
      for (let i2 = 0; i2 < n2; i2++)
        for (let i3 = 0; i3 < n3; i3++) expected[((i3 * n2 + i2) * n1 + i1) * n0 + i0] = source++;
  expect(await readFloats(y)).toEqual(expected);
  tf.dispose([x, y]);
});
