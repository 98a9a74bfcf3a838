import { expect, test } from 'vitest';
import { expectAllClose, seededNormal } from '../testing/allclose';
import { gramMatrix } from './gram-matrix';
import { matrixFrom, multiply, transpose } from './matrix';

test.each([1, 4, 7, 18])('%i rows: Aᵀ times A', async (rows) => {
  const matrix = matrixFrom(seededNormal(rows * 6, 4), rows, 6);
  const gram = await gramMatrix(matrix);
  expect([gram.rows, gram.columns]).toEqual([6, 6]);
  expectAllClose(gram.values, multiply(transpose(matrix), matrix).values, { absolute: 1e-13, relative: 0 });
});
