import { expect, test } from 'vitest';
import { expectAllClose, seededNormal } from '../testing/allclose';
import { referenceMatmul } from '../testing/reference-matmul';
import { type Matrix, matrixFrom, transpose, zeros } from './matrix';
import { orthogonalizeRows } from './orthogonalize-rows';

/** X · Yᵀ. */
const timesTransposed = (x: Matrix, y: Matrix): Matrix => ({
  rows: x.rows,
  columns: y.rows,
  values: referenceMatmul(x.values, y.values, [x.rows, x.columns, y.rows]),
});

test('rows become orthogonal, and Qᵀ·B does not change', async () => {
  const b = matrixFrom(seededNormal(6 * 9, 1), 6, 9);
  const q = zeros(6, 6);
  for (let index = 0; index < 6; index++) q.values[index * 7] = 1;
  const before = b.values.slice();
  const lengths = await orthogonalizeRows(b, q);
  const expected = zeros(6, 6);
  lengths.forEach((length, index) => (expected.values[index * 7] = length ** 2));
  expectAllClose(timesTransposed(b, b).values, expected.values, { absolute: 1e-11, relative: 0 });
  expectAllClose(timesTransposed(transpose(q), transpose(b)).values, before, {
    absolute: 1e-13,
    relative: 0,
  });
});

test('a row that depends on the others becomes 0', async () => {
  const b = matrixFrom([1, 2, 2, 2, 4, 4, 0, 0, 0], 3, 3);
  const q = matrixFrom([1, 0, 0, 0, 1, 0, 0, 0, 1], 3, 3);
  const lengths = Array.from(await orthogonalizeRows(b, q)).sort((left, right) => right - left);
  expect(lengths[0]).toBeCloseTo(Math.sqrt(45), 13);
  expect(lengths.slice(1)).toEqual([0, 0]);
});

test('long rows converge, too', async () => {
  const b = matrixFrom(seededNormal(4 * 30_000, 5), 4, 30_000);
  const q = zeros(4, 4);
  for (let index = 0; index < 4; index++) q.values[index * 5] = 1;
  const lengths = await orthogonalizeRows(b, q);
  expectAllClose(
    timesTransposed(b, b).values,
    Array.from({ length: 16 }, (_, index) => (index % 5 === 0 ? lengths[index / 5] ** 2 : 0)),
    { absolute: 1e-6, relative: 0 },
  );
});
