import { expect, test } from 'vitest';
import { expectAllClose, seededNormal } from '../testing/allclose';
import { referenceMatmul } from '../testing/reference-matmul';
import { addRowProduct, innerProduct, matrixFrom, squaredNorm, transpose } from './matrix';

test('a row of a product is added to the sum', () => {
  const sum = Float64Array.of(1, 1);
  addRowProduct(matrixFrom([0, 0, 1, 2], 2, 2), 1, matrixFrom([1, 2, 3, 4], 2, 2), sum);
  expect(Array.from(sum)).toEqual([8, 11]);
});

test.each([1, 3, 4, 5, 9])('rows of a product with an inner size of %i', (inner) => {
  const a = matrixFrom(seededNormal(3 * inner, 1), 3, inner);
  const b = matrixFrom(seededNormal(inner * 5, 2), inner, 5);
  const product = new Float64Array(15);
  for (let row = 0; row < 3; row++) addRowProduct(a, row, b, product.subarray(5 * row, 5 * row + 5));
  const expected = referenceMatmul(a.values, transpose(b).values, [3, inner, 5]);
  expectAllClose(product, expected, { absolute: 1e-13, relative: 0 });
});

test('transposing swaps indices, across the borders of tiles too', () => {
  const matrix = matrixFrom(seededNormal(70 * 33, 3), 70, 33);
  const { rows, columns, values } = transpose(matrix);
  expect([rows, columns]).toEqual([33, 70]);
  for (let row = 0; row < 70; row++) {
    for (let column = 0; column < 33; column++) {
      expect(values[column * 70 + row]).toBe(matrix.values[row * 33 + column]);
    }
  }
});

test('inner product and squared norm', () => {
  expect(innerProduct(Float64Array.of(9, 1, 2, 3, 4, 5), 1, Float64Array.of(1, 1, 1, 1, 2), 0, 5)).toBe(20);
  expect(squaredNorm(matrixFrom([3, 4], 1, 2))).toBe(25);
});

test('values that do not fit the shape are refused', () => {
  expect(() => matrixFrom([1, 2, 3], 2, 2)).toThrow('3 values do not make 2×2.');
});
