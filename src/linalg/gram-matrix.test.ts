import { expect, test } from 'vitest';
import { expectAllClose, seededNormal } from '../testing/allclose';
import { referenceMatmul } from '../testing/reference-matmul';
import { gramMatrix } from './gram-matrix';
import { matrixFrom, transpose } from './matrix';

test.each([1, 4, 7, 18])('%i rows: Aᵀ times A', async (rows) => {
  const matrix = matrixFrom(seededNormal(rows * 6, 4), rows, 6);
  const columns = transpose(matrix);
  const gram = await gramMatrix(matrix);
  expect([gram.rows, gram.columns]).toEqual([6, 6]);
  expectAllClose(gram.values, referenceMatmul(columns.values, columns.values, [6, rows, 6]), {
    absolute: 1e-13,
    relative: 0,
  });
});
