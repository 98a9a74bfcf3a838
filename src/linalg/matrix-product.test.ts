import { expect, test } from 'vitest';
import { expectAllClose, seededNormal } from '../testing/allclose';
import { referenceMatmul } from '../testing/reference-matmul';
import { matrixFrom, transpose } from './matrix';
import { product } from './matrix-product';

test.each([
  [1, 1, 1],
  [2, 3, 8],
  [3, 8, 9],
  [64, 5, 16],
  [65, 33, 7],
  [131, 70, 40],
])('[%i, %i] times [.., %i]', async (rows, inner, columns) => {
  const a = matrixFrom(seededNormal(rows * inner, 1), rows, inner);
  const b = matrixFrom(seededNormal(inner * columns, 2), inner, columns);
  const { values, ...shape } = await product(a, b);
  expect(shape).toEqual({ rows, columns });
  expectAllClose(values, referenceMatmul(a.values, transpose(b).values, [rows, inner, columns]), {
    absolute: 1e-13 * inner,
    relative: 0,
  });
});
