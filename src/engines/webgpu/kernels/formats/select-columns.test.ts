import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../../node-gpu';
import { readFloats, uploadTensor } from '../../transfer';
import { seededNormal } from '../../../../testing/allclose';
import { gatherColumns, scatterColumns } from './select-columns';

beforeAll(() => openNodeGpu());

test.each([
  [1, 5, [0, 4]],
  [3, 130, Array.from({ length: 65 }, (_, index) => 2 * index)],
  [2, 7, [3]],
])('%i rows of %i columns, of which some are taken and put back', async (rows, width, kept) => {
  const values = seededNormal(rows * width, 1);
  const x = uploadTensor(values, [rows, width]);
  const indices = uploadTensor(Uint32Array.from(kept), [kept.length]);
  const gathered = gatherColumns(x, indices);
  const scattered = scatterColumns(gathered, indices, width);
  const at = (row: number, column: number) => values[row * width + column];
  const everyRow = Array.from({ length: rows }, (_, row) => row);
  expect([...(await readFloats(gathered))]).toEqual(
    everyRow.flatMap((row) => kept.map((column) => at(row, column))),
  );
  expect([...(await readFloats(scattered))]).toEqual(
    [...values].map((value, index) => (kept.includes(index % width) ? value : 0)),
  );
  tf.dispose([x, indices, gathered, scattered]);
});
