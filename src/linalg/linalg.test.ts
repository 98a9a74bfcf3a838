import { describe, expect, test } from 'vitest';
import { seededNormal } from '../testing/allclose';
import fixture from '../testing/fixtures/methods.json';
import { type Matrix, matrixFrom, multiply, squaredNorm, transpose, zeros } from './matrix';
import { nearestKroneckerProduct } from './nearest-kronecker-product';
import { symmetricEigen } from './symmetric-eigen';
import { contractTensorTrain, tensorTrainSvd } from './tensor-train';
import { truncatedSvd } from './truncated-svd';

const random = (rows: number, columns: number, seed = 1) =>
  matrixFrom(seededNormal(rows * columns, seed), rows, columns);

function distance(a: Matrix, b: Matrix): number {
  const difference = { ...a, values: a.values.map((value, index) => value - b.values[index]) };
  return Math.sqrt(squaredNorm(difference) / squaredNorm(a));
}

describe('symmetricEigen', () => {
  test('the second difference matrix has the eigenvalues 2 − 2·cos(kπ/(n+1))', async () => {
    const n = 40;
    const matrix = zeros(n, n);
    for (let index = 0; index < n; index++) {
      matrix.values[index * n + index] = 2;
      if (index > 0) matrix.values[index * n + index - 1] = matrix.values[(index - 1) * n + index] = -1;
    }
    const { values } = await symmetricEigen(matrix.values, n);
    const expected = Array.from({ length: n }, (_, k) => 2 - 2 * Math.cos(((n - k) * Math.PI) / (n + 1)));
    expected.forEach((value, index) => expect(values[index]).toBeCloseTo(value, 12));
  });

  test.each([1, 2, 3, 25])(
    'A = Vᵀ·diag·V with orthonormal V for n = %i, repeated and zero eigenvalues included',
    async (n) => {
      const half = random(n, Math.max(1, n - 3));
      const matrix = multiply(half, transpose(half));
      const { values, vectors } = await symmetricEigen(matrix.values.slice(), n);
      const v: Matrix = { rows: n, columns: n, values: vectors };
      const identity = multiply(v, transpose(v));
      identity.values.forEach((value, index) => expect(value).toBeCloseTo(index % (n + 1) === 0 ? 1 : 0, 11));
      const scaled = { ...v, values: vectors.map((value, index) => value * values[Math.floor(index / n)]) };
      expect(distance(matrix, multiply(transpose(v), scaled))).toBeLessThan(1e-12);
    },
  );
});

describe('truncatedSvd', () => {
  test.each([
    [20, 7],
    [7, 20],
    [9, 9],
  ])('%i×%i in full', async (rows, columns) => {
    const matrix = random(rows, columns);
    const { u, singularValues, v, residual } = await truncatedSvd(matrix, Math.min(rows, columns));
    const scaled = {
      ...u,
      values: u.values.map((value, index) => value * singularValues[index % u.columns]),
    };
    expect(distance(matrix, multiply(scaled, transpose(v)))).toBeLessThan(1e-10);
    expect(residual).toBeLessThan(1e-7);
  });

  test.each(['12x16', '24x32'] as const)("errors of NumPy's SVD of %s at every rank", async (size) => {
    const matrix = matrixFrom(
      fixture[size].values.flat(),
      fixture[size].values.length,
      fixture[size].values[0].length,
    );
    for (const { rank, relativeError } of fixture[size].lowRank) {
      const { residual } = await truncatedSvd(matrix, rank);
      expect(residual, `rank ${rank}`).toBeCloseTo(relativeError, 7);
    }
  });

  test('a rank that the matrix does not have is refused', async () => {
    await expect(truncatedSvd(random(4, 6), 5)).rejects.toThrow('A 4×6 matrix has no rank of 5; use 1 to 4.');
  });

  test('a cancelled decomposition stops with the reason', async () => {
    const matrix = random(400, 300);
    const controller = new AbortController();
    const pending = truncatedSvd(matrix, 10, {
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await expect(pending).rejects.toThrow('aborted');
  });
});

describe('nearestKroneckerProduct', () => {
  test('an exact product is found again', async () => {
    const [a, b] = [random(3, 4, 1), random(2, 5, 2)];
    const product = zeros(6, 20);
    for (let row = 0; row < 6; row++) {
      for (let column = 0; column < 20; column++) {
        product.values[row * 20 + column] =
          a.values[Math.floor(row / 2) * 4 + Math.floor(column / 5)] * b.values[(row % 2) * 5 + (column % 5)];
      }
    }
    const found = await nearestKroneckerProduct(product, [3, 4], 1);
    expect(found.relativeError).toBeLessThan(1e-7);
    expect(found.a[0] * found.b[0]).toBeCloseTo(product.values[0], 12);
    expect(found.a[11] * found.b[9]).toBeCloseTo(product.values[119], 12);
  });

  test.each(['12x16', '24x32'] as const)("NumPy's errors of %s", async (size) => {
    const matrix = matrixFrom(
      fixture[size].values.flat(),
      fixture[size].values.length,
      fixture[size].values[0].length,
    );
    for (const { aShape, terms, relativeError } of fixture[size].kronecker) {
      const found = await nearestKroneckerProduct(matrix, aShape as [number, number], terms);
      expect(found.relativeError, `A ${aShape}, ${terms} terms`).toBeCloseTo(relativeError, 7);
    }
  });
});

interface TrainCase {
  rows: number[];
  columns: number[];
  limit: { maxRank: number } | { relativeError: number };
  coreShapes: [number, number, number][];
  error: number;
}

describe('tensorTrainSvd', () => {
  test.each(['12x16', '24x32'] as const)("NumPy's cores and errors of %s", async (size) => {
    const matrix = matrixFrom(
      fixture[size].values.flat(),
      fixture[size].values.length,
      fixture[size].values[0].length,
    );
    for (const { rows, columns, limit, coreShapes, error } of fixture[size]
      .tensorTrain as unknown as TrainCase[]) {
      const train = await tensorTrainSvd(matrix, rows, columns, limit);
      expect(train.cores.map(({ shape: [left, row, column, right] }) => [left, row * column, right])).toEqual(
        coreShapes,
      );
      expect(train.relativeError).toBeCloseTo(error, 6);
      expect(distance(matrix, contractTensorTrain(train.cores))).toBeCloseTo(error, 6);
    }
  });
});
