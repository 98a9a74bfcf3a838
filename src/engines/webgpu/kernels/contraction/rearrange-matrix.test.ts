import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../../node-gpu';
import { readFloats, uploadTensor } from '../../transfer';
import { seededNormal } from '../../../../testing/allclose';
import { rearrangeMatrix } from './rearrange-matrix';

beforeAll(() => openNodeGpu());

test.each([
  ['a permutation', [4, 3], [2, 0, 3, 1], [1, 2, 0]],
  ['rows and columns that are gone', [2, 3], [-1, 1, -1, 0], [0, -1, 2, -1, 1]],
  ['repeated ones', [3, 2], [0, 0, 2], [1, 1]],
])('%s', async (_, [height, width], rows, columns) => {
  const values = seededNormal(height * width, 3);
  const x = uploadTensor(values, [height, width]);
  const ids = (numbers: number[]) => uploadTensor(Int32Array.from(numbers), [numbers.length]);
  const sources = { rows: ids(rows), columns: ids(columns) };
  const y = rearrangeMatrix(x, sources);
  expect(y.shape).toEqual([rows.length, columns.length]);
  expect([...(await readFloats(y))]).toEqual(
    rows.flatMap((row) =>
      columns.map((column) => (row < 0 || column < 0 ? 0 : values[row * width + column])),
    ),
  );
  tf.dispose([x, y, sources.rows, sources.columns]);
});
