import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../../node-gpu';
import { readFloats, uploadTensor } from '../../transfer';
import { seededNormal } from '../../../../testing/allclose';
import { denseRows } from './dense-rows';

beforeAll(() => openNodeGpu());

test.each([
  [5, [12]],
  [67, [3, 3, 3, 3]],
  [4, [1, 10, 1]],
])('rows of width %i out of blocks of %j rows', async (width, blockRows) => {
  const values = seededNormal(12 * width, 1);
  let firstRow = 0;
  const blocks = blockRows.map((rows) => {
    const piece = values.slice(firstRow * width, (firstRow + rows) * width);
    firstRow += rows;
    return { values: uploadTensor(piece, [rows, width]), firstRow: firstRow - rows, rows };
  });
  const ids = [11, 0, 5, 3, 3, 10, 1];
  const idTensor = uploadTensor(Int32Array.from(ids), [ids.length]);
  const y = denseRows(idTensor, blocks, width);
  expect([...(await readFloats(y))]).toEqual(
    ids.flatMap((id) => [...values.subarray(id * width, (id + 1) * width)]),
  );
  tf.dispose([idTensor, y, ...blocks.map((block) => block.values)]);
});
