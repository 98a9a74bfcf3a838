import { expect, test } from 'vitest';
import { expectAllClose, seededNormal } from '../testing/allclose';
import { referenceMatmul } from '../testing/reference-matmul';
import { choleskyFactor, inverseCholeskyFactor, lowerTriangularInverse } from './cholesky';
import { type Matrix, matrixFrom, transpose, zeros } from './matrix';

/** X · Yᵀ. */
const timesTransposed = (x: Matrix, y: Matrix): Matrix => ({
  rows: x.rows,
  columns: y.rows,
  values: referenceMatmul(x.values, y.values, [x.rows, x.columns, y.rows]),
});

/** B · Bᵀ + 1 of a random square B. */
function positiveDefinite(n: number): Matrix {
  const half = matrixFrom(seededNormal(n * n, 3), n, n);
  const matrix = timesTransposed(half, half);
  for (let index = 0; index < n; index++) matrix.values[index * (n + 1)] += 1;
  return matrix;
}

function identity(n: number): Matrix {
  const matrix = zeros(n, n);
  for (let index = 0; index < n; index++) matrix.values[index * (n + 1)] = 1;
  return matrix;
}

function expectTriangular(
  { columns, values }: Matrix,
  isZero: (row: number, column: number) => boolean,
): void {
  values.forEach((value, index) => {
    if (isZero(Math.floor(index / columns), index % columns)) expect(Math.abs(value)).toBe(0);
  });
}

// Less than one block, one block, one row more, several blocks with an odd remainder.
const SIZES = [1, 2, 7, 8, 63, 64, 65, 131, 200];

test('the factor of min(i, j) is the triangle of ones', async () => {
  const n = 100;
  const values = Array.from({ length: n * n }, (_, index) => 1 + Math.min(Math.floor(index / n), index % n));
  const factor = await choleskyFactor(matrixFrom(values, n, n));
  factor.values.forEach((value, index) => expect(value).toBe(index % n <= Math.floor(index / n) ? 1 : 0));
});

test.each(SIZES)('n = %i: A = L · Lᵀ', async (n) => {
  const matrix = positiveDefinite(n);
  const factor = await choleskyFactor(matrix);
  expectTriangular(factor, (row, column) => column > row);
  expectAllClose(timesTransposed(factor, factor).values, matrix.values, { absolute: 1e-12 * n, relative: 0 });
});

test('only the lower triangle is read', async () => {
  const matrix = positiveDefinite(70);
  const lower = matrix.values.map((value, index) => (index % 70 > Math.floor(index / 70) ? NaN : value));
  expect(await choleskyFactor({ ...matrix, values: lower })).toEqual(await choleskyFactor(matrix));
});

test.each(SIZES)('n = %i: L⁻¹ · L = 1', async (n) => {
  const factor = await choleskyFactor(positiveDefinite(n));
  const inverse = await lowerTriangularInverse(factor);
  expectTriangular(inverse, (row, column) => column > row);
  expectAllClose(timesTransposed(inverse, transpose(factor)).values, identity(n).values, {
    absolute: 1e-11,
    relative: 0,
  });
});

test.each(SIZES)('n = %i: Uᵀ · U · A = 1', async (n) => {
  const matrix = positiveDefinite(n);
  const upper = await inverseCholeskyFactor(matrix);
  expectTriangular(upper, (row, column) => column < row);
  const inverse = timesTransposed(transpose(upper), transpose(upper));
  expectAllClose(timesTransposed(inverse, matrix).values, identity(n).values, {
    absolute: 1e-10,
    relative: 0,
  });
});

test('the inverse of the second difference matrix has the factor (n − j) / √((n − i)(n − i + 1))', async () => {
  const n = 90;
  const matrix = zeros(n, n);
  for (let index = 0; index < n; index++) {
    matrix.values[index * n + index] = 2;
    if (index > 0) matrix.values[index * n + index - 1] = matrix.values[(index - 1) * n + index] = -1;
  }
  const upper = await inverseCholeskyFactor(matrix);
  for (let row = 0; row < n; row++) {
    for (let column = row; column < n; column++) {
      const expected = (n - column) / Math.sqrt((n - row) * (n - row + 1));
      expect(upper.values[row * n + column]).toBeCloseTo(expected, 13);
    }
  }
});

test('a matrix that is not positive definite is refused', async () => {
  const matrix = identity(80);
  matrix.values[70 * 81] = -1;
  await expect(choleskyFactor(matrix)).rejects.toThrow('not positive definite: pivot 70 of 80 is -1');
  const singular = identity(80);
  singular.values[70 * 81] = 0;
  await expect(lowerTriangularInverse(singular)).rejects.toThrow('value 70 of its diagonal is 0');
});

test('reports progress and can be cancelled', async () => {
  const matrix = positiveDefinite(300);
  const shares: number[] = [];
  await inverseCholeskyFactor(matrix, { onProgress: (share) => shares.push(share) });
  expect(shares.at(-1)).toBe(1);
  expect(shares).toEqual([...shares].sort((left, right) => left - right));
  const large = identity(1500);
  await expect(inverseCholeskyFactor(large, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
});
