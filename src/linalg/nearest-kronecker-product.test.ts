import { describe, expect, test } from 'vitest';
import { seededNormal } from '../testing/allclose';
import methods from '../testing/fixtures/methods.json';
import { type Matrix, matrixFrom, squaredNorm, zeros } from './matrix';
import {
  expandKroneckerSum,
  type KroneckerSum,
  nearestKroneckerProduct,
  rearrange,
} from './nearest-kronecker-product';

type Shape = readonly [rows: number, columns: number];

const random = (rows: number, columns: number, seed: number) =>
  matrixFrom(seededNormal(rows * columns, seed), rows, columns);

/** Definition: element (i·p + k, j·q + l) of A ⊗ B is A[i, j] · B[k, l]. */
function kroneckerSum({ a, b }: Pick<KroneckerSum, 'a' | 'b'>, aShape: Shape, bShape: Shape): Matrix {
  const [aRows, aColumns] = aShape;
  const [bRows, bColumns] = bShape;
  const result = zeros(aRows * bRows, aColumns * bColumns);
  for (let term = 0; term < a.length / (aRows * aColumns); term++) {
    for (let row = 0; row < result.rows; row++) {
      for (let column = 0; column < result.columns; column++) {
        const inA = (term * aRows + Math.floor(row / bRows)) * aColumns + Math.floor(column / bColumns);
        const inB = (term * bRows + (row % bRows)) * bColumns + (column % bColumns);
        result.values[row * result.columns + column] += a[inA] * b[inB];
      }
    }
  }
  return result;
}

function distance(a: Matrix, b: Matrix): number {
  const values = a.values.map((value, index) => value - b.values[index]);
  return Math.sqrt(squaredNorm({ ...a, values }) / squaredNorm(a));
}

test('the blocks become rows', () => {
  const matrix = matrixFrom([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16], 4, 4);
  expect(Array.from(rearrange(matrix, [2, 2]).values)).toEqual([
    1, 2, 5, 6, 3, 4, 7, 8, 9, 10, 13, 14, 11, 12, 15, 16,
  ]);
});

test.each([1, 3])('recovers an exact sum of %i products, in factors of equal norm', async (terms) => {
  const exact = { a: random(terms * 3, 4, 1).values, b: random(terms * 2, 5, 2).values };
  const matrix = kroneckerSum(exact, [3, 4], [2, 5]);
  const found = await nearestKroneckerProduct(matrix, [3, 4], terms);
  expect(found.relativeError).toBeLessThan(1e-14);
  expect(distance(matrix, kroneckerSum(found, [3, 4], [2, 5]))).toBeLessThan(1e-14);
  for (let term = 0; term < terms; term++) {
    const a = matrixFrom(found.a.subarray(term * 12, (term + 1) * 12), 3, 4);
    const b = matrixFrom(found.b.subarray(term * 10, (term + 1) * 10), 2, 5);
    expect(squaredNorm(a)).toBeCloseTo(squaredNorm(b), 12);
  }
});

test.each([
  [1, [3, 4], [2, 5]],
  [4, [2, 6], [7, 3]],
] as const)(
  'a sum of %i, A of %j and B of %j, is expanded by the definition',
  async (terms, aShape, bShape) => {
    const sum = {
      a: random(terms * aShape[0], aShape[1], 3).values,
      b: random(terms * bShape[0], bShape[1], 4).values,
      relativeError: 0,
    };
    expect(
      distance(kroneckerSum(sum, aShape, bShape), await expandKroneckerSum(sum, aShape, bShape)),
    ).toBeLessThan(1e-14);
  },
);

describe.each(['12x16', '24x32'] as const)("PyTorch's errors of %s", (size) => {
  const { values, kronecker } = methods[size];
  const matrix = matrixFrom(values.flat(), values.length, values[0].length);

  test.each(kronecker)('A of $aShape, $terms terms', async ({ aShape, terms, relativeError }) => {
    const shape = aShape as [number, number];
    const found = await nearestKroneckerProduct(matrix, shape, terms);
    expect(found.relativeError).toBeCloseTo(relativeError, 8);
    const bShape: Shape = [matrix.rows / shape[0], matrix.columns / shape[1]];
    expect(distance(matrix, kroneckerSum(found, shape, bShape))).toBeCloseTo(relativeError, 8);
  });
});

describe('refuses', () => {
  test.each([
    [5, 4],
    [3, 0],
    [1.5, 4],
  ])('A of %d×%d in a 6×8 matrix', async (rows, columns) => {
    const message = `A of ${rows}×${columns} does not divide 6×8; its rows must divide 6 and its columns 8.`;
    await expect(nearestKroneckerProduct(random(6, 8, 1), [rows, columns], 1)).rejects.toThrow(message);
  });

  test('more terms than there are', async () => {
    await expect(nearestKroneckerProduct(random(6, 8, 1), [2, 2], 5)).rejects.toThrow(
      '6×8 with A of 2×2 has no sum of 5 Kronecker products; use 1 to 4 terms.',
    );
  });
});
