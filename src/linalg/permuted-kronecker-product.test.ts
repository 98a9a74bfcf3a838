import { describe, expect, test } from 'vitest';
import { seededNormal } from '../testing/allclose';
import fixture from '../testing/fixtures/tq-compressor.json';
import { matrixFrom } from './matrix';
import { expandKroneckerSum, nearestKroneckerProduct } from './nearest-kronecker-product';
import { type PermutedKroneckerSum, permutedKroneckerProduct } from './permuted-kronecker-product';

type Shape = [number, number];

/** Error of the orders and factors, value by value. */
async function errorByDefinition(
  values: readonly number[],
  shape: Shape,
  aShape: Shape,
  sum: PermutedKroneckerSum,
) {
  const expanded = await expandKroneckerSum(sum, aShape, [shape[0] / aShape[0], shape[1] / aShape[1]]);
  let [lost, total] = [0, 0];
  for (let row = 0; row < shape[0]; row++) {
    for (let column = 0; column < shape[1]; column++) {
      const source = (sum.rowOrder?.[row] ?? row) * shape[1] + (sum.columnOrder?.[column] ?? column);
      lost += (values[source] - expanded.values[row * shape[1] + column]) ** 2;
      total += values[source] ** 2;
    }
  }
  return Math.sqrt(lost / total);
}

describe("NumPy's errors", () => {
  test.each(fixture.cases)(
    '$shape, A of $aShape, $terms terms',
    async ({ shape, aShape, terms, values, kroneckerError, relativeError }) => {
      const matrix = matrixFrom(values, shape[0], shape[1]);
      const plain = await nearestKroneckerProduct(matrix, aShape as Shape, terms);
      const found = await permutedKroneckerProduct(matrix, aShape as Shape, terms, fixture.iterations);
      expect(plain.relativeError).toBeCloseTo(kroneckerError, 8);
      expect(found.relativeError).toBeCloseTo(relativeError, 8);
      expect(found.relativeError).toBeLessThan(plain.relativeError);
      expect(await errorByDefinition(values, shape as Shape, aShape as Shape, found)).toBeCloseTo(
        relativeError,
        8,
      );
    },
  );
});

test.each(fixture.planted)(
  'a product of A $aShape that was permuted into $shape is found again',
  async ({ shape, aShape, values, kroneckerError }) => {
    const matrix = matrixFrom(values, shape[0], shape[1]);
    const found = await permutedKroneckerProduct(matrix, aShape as Shape, 1, fixture.iterations);
    expect(kroneckerError).toBeGreaterThan(0.5);
    // Values are rounded to float32.
    expect(found.relativeError).toBeLessThan(1e-7);
    expect(await errorByDefinition(values, shape as Shape, aShape as Shape, found)).toBeLessThan(1e-7);
  },
);

test('the error is never higher than without permutations', async () => {
  for (let seed = 1; seed <= 10; seed++) {
    const matrix = matrixFrom(seededNormal(12 * 18, seed), 12, 18);
    for (const aShape of [
      [6, 9],
      [3, 18],
      [12, 2],
      [4, 1],
      [1, 6],
    ] as const) {
      const plain = await nearestKroneckerProduct(matrix, aShape, 1);
      const found = await permutedKroneckerProduct(matrix, aShape, 1, 5);
      expect(found.relativeError).toBeLessThanOrEqual(plain.relativeError);
    }
  }
});

test('rows whose order A or B can absorb are not reordered', async () => {
  const matrix = matrixFrom(seededNormal(8 * 10, 3), 8, 10);
  for (const aRows of [1, 8])
    expect((await permutedKroneckerProduct(matrix, [aRows, 5], 1, 5)).rowOrder).toBeUndefined();
  for (const aColumns of [1, 10]) {
    expect((await permutedKroneckerProduct(matrix, [4, aColumns], 1, 5)).columnOrder).toBeUndefined();
  }
});

test('a Kronecker product is not reordered', async () => {
  const sum = { a: Float64Array.of(1, 2, -3, 4), b: Float64Array.of(5, -1, 2, 3, 1, 1), relativeError: 0 };
  const matrix = await expandKroneckerSum(sum, [2, 2], [3, 2]);
  const { rowOrder, columnOrder, relativeError } = await permutedKroneckerProduct(matrix, [2, 2], 2, 5);
  expect(relativeError).toBeLessThan(1e-7);
  expect([rowOrder, columnOrder]).toEqual([undefined, undefined]);
});

test('reports progress and can be cancelled', async () => {
  const matrix = matrixFrom(seededNormal(48 * 60, 8), 48, 60);
  const shares: number[] = [];
  await permutedKroneckerProduct(matrix, [12, 10], 2, 4, { onProgress: (share) => shares.push(share) });
  expect(shares.at(-1)).toBe(1);
  expect(shares).toEqual([...shares].sort((left, right) => left - right));
  const stopped = { signal: AbortSignal.abort() };
  await expect(permutedKroneckerProduct(matrix, [12, 10], 2, 4, stopped)).rejects.toThrow(/abort/i);
});
