import { expect, test } from 'vitest';
import { expectAllClose, seededNormal } from '../testing/allclose';
import { referenceMatmul } from '../testing/reference-matmul';
import { matrixFrom, transpose } from './matrix';
import { orthonormalizeColumns } from './orthonormalize-columns';

test('Q has orthonormal columns, R is upper triangular and Q·R is the matrix', () => {
  const b = matrixFrom(seededNormal(50 * 4, 1), 50, 4);
  const before = b.values.slice();
  const { r, rank } = orthonormalizeColumns(b);
  expect(rank).toBe(4);
  const columns = transpose(b).values;
  const identity = Array.from({ length: 16 }, (_, index) => (index % 5 === 0 ? 1 : 0));
  expectAllClose(referenceMatmul(columns, columns, [4, 50, 4]), identity, { absolute: 1e-14, relative: 0 });
  for (let row = 1; row < 4; row++)
    expect(Array.from(r.subarray(row * 4, row * 4 + row))).toEqual(new Array(row).fill(0));
  const rTransposed = transpose({ rows: 4, columns: 4, values: r }).values;
  expectAllClose(referenceMatmul(b.values, rTransposed, [50, 4, 4]), before, {
    absolute: 1e-13,
    relative: 0,
  });
});

test('a column that depends on those before it becomes 0', () => {
  const b = matrixFrom([1, 2, 0, 1, 2, 1, 1, 2, 0], 3, 3);
  expect(orthonormalizeColumns(b).rank).toBe(2);
  expectAllClose(
    transpose(b).values,
    [1, 1, 1, 0, 0, 0, -1, 2, -1].map((value, index) => value / Math.sqrt(index < 3 ? 3 : 6)),
    { absolute: 1e-14, relative: 0 },
  );
});
