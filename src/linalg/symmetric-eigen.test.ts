import { expect, test } from 'vitest';
import { expectAllClose, seededNormal } from '../testing/allclose';
import { referenceMatmul } from '../testing/reference-matmul';
import { type Matrix, matrixFrom, transpose, zeros } from './matrix';
import { symmetricEigen } from './symmetric-eigen';

/** X · Yᵀ. */
const timesTransposed = (x: Matrix, y: Matrix): Matrix => ({
  rows: x.rows,
  columns: y.rows,
  values: referenceMatmul(x.values, y.values, [x.rows, x.columns, y.rows]),
});

test('the second difference matrix has the eigenvalues 2 − 2·cos(kπ/(n+1))', async () => {
  const n = 40;
  const matrix = zeros(n, n);
  for (let index = 0; index < n; index++) {
    matrix.values[index * n + index] = 2;
    if (index > 0) matrix.values[index * n + index - 1] = matrix.values[(index - 1) * n + index] = -1;
  }
  const { values } = await symmetricEigen(matrix);
  const expected = Array.from({ length: n }, (_, k) => 2 - 2 * Math.cos(((n - k) * Math.PI) / (n + 1)));
  expected.forEach((value, index) => expect(values[index]).toBeCloseTo(value, 12));
});

test('a matrix of ones has one eigenvalue n and n − 1 of 0', async () => {
  const { values, vectors } = await symmetricEigen(matrixFrom(new Array(64).fill(1), 8, 8), () => 1);
  expect(values[0]).toBeCloseTo(8, 13);
  for (const value of values.subarray(1)) expect(value).toBeCloseTo(0, 13);
  expect([vectors.rows, vectors.columns]).toEqual([1, 8]);
  for (const value of vectors.values) expect(Math.abs(value)).toBeCloseTo(Math.sqrt(1 / 8), 13);
});

/** B · Bᵀ of a random B with three columns fewer than rows: an eigenvalue of 0 with multiplicity three. */
function semidefinite(n: number): Matrix {
  const columns = Math.max(1, n - 3);
  const half = matrixFrom(seededNormal(n * columns, 1), n, columns);
  return timesTransposed(half, half);
}

test.each([1, 2, 3, 25, 70])('n = %i: A = Vᵀ·diag·V with orthonormal V', async (n) => {
  const matrix = semidefinite(n);
  const { values, vectors } = await symmetricEigen({ ...matrix, values: matrix.values.slice() });
  const identity = zeros(n, n);
  for (let index = 0; index < n; index++) identity.values[index * (n + 1)] = 1;
  expectAllClose(timesTransposed(vectors, vectors).values, identity.values, {
    absolute: 1e-12,
    relative: 0,
  });
  const scaled = vectors.values.map((value, index) => value * values[Math.floor(index / n)]);
  const again = timesTransposed(transpose(vectors), transpose({ ...vectors, values: scaled }));
  expectAllClose(again.values, matrix.values, { absolute: 1e-13 * n * n, relative: 0 });
});

test('the requested vectors are the leading ones', async () => {
  const all = await symmetricEigen(semidefinite(50));
  const some = await symmetricEigen(semidefinite(50), () => 40);
  expect(some.values).toEqual(all.values);
  expectAllClose(some.vectors.values, all.vectors.values.subarray(0, 40 * 50), {
    absolute: 1e-12,
    relative: 0,
  });
});
