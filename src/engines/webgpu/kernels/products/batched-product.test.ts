import * as tf from '@tensorflow/tfjs';
import { beforeAll, test } from 'vitest';
import { openNodeGpu } from '../../node-gpu';
import { readFloats, uploadTensor } from '../../transfer';
import { expectAllClose, seededNormal } from '../../../../testing/allclose';
import { batchedProduct } from './batched-product';

beforeAll(() => openNodeGpu());

test.each([
  [1, 1, 1, 1, 1],
  [5, 3, 7, 2, 4],
  [700, 4, 3, 5, 6],
])('%i products of %i rows, %i terms and %i·%i columns', async (batch, rows, terms, outer, inner) => {
  const leftValues = seededNormal(batch * rows * terms, 1);
  const rightValues = seededNormal(batch * terms * outer * inner, 2);
  const tensors = [leftValues, rightValues].map((values) => uploadTensor(values, [values.length]));
  // left [b, k, m], right [b, r, k, j]
  const y = batchedProduct(tensors[0], tensors[1], {
    batch,
    rows,
    terms,
    columns: { outer, inner },
    left: { batch: rows * terms, row: 1, term: rows },
    right: { batch: terms * outer * inner, term: outer, outer: 1, inner: terms * outer },
  });
  const expected = new Float64Array(batch * rows * outer * inner);
  let index = 0;
  for (let b = 0; b < batch; b++)
    for (let m = 0; m < rows; m++)
      for (let j = 0; j < outer; j++)
        for (let r = 0; r < inner; r++, index++)
          for (let k = 0; k < terms; k++)
            expected[index] +=
              leftValues[(b * terms + k) * rows + m] * rightValues[((b * inner + r) * terms + k) * outer + j];
  expectAllClose(await readFloats(y), expected);
  tf.dispose([y, ...tensors]);
});
