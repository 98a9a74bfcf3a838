import { expect, test } from 'vitest';
import { expectAllClose, seededNormal } from '../testing/allclose';
import { jacobiEigen } from './jacobi-eigen';
import { symmetricEigen } from './symmetric-eigen';

function symmetric(n: number, seed: number): Float64Array {
  const values = seededNormal(n * n, seed);
  return Float64Array.from(values, (value, index) => value + values[(index % n) * n + Math.floor(index / n)]);
}

test.each([1, 2, 3, 8, 33])('the eigenpairs of %i×%i', async (n) => {
  const original = symmetric(n, n);
  const matrix = original.slice();
  const vectors = new Float64Array(n * n);
  jacobiEigen(matrix, vectors, n);
  const values = Array.from({ length: n }, (_, index) => matrix[index * (n + 1)]);
  for (let k = 0; k < n; k++) {
    const vector = vectors.subarray(k * n, (k + 1) * n);
    const image = Array.from({ length: n }, (_, row) =>
      vector.reduce((sum, value, column) => sum + original[row * n + column] * value, 0),
    );
    expectAllClose(
      image,
      vector.map((value) => values[k] * value),
      { absolute: 1e-12 * n, relative: 0 },
    );
    expect(Math.hypot(...vector)).toBeCloseTo(1, 12);
  }
  const others = await symmetricEigen({ rows: n, columns: n, values: original.slice() });
  expectAllClose(
    values.sort((left, right) => right - left),
    others.values,
    { absolute: 1e-12 * n, relative: 0 },
  );
});

test('equal eigenvalues, zeros and buffers larger than the matrix', () => {
  const matrix = Float64Array.of(2, 0, 0, 2, 7, 7);
  const vectors = new Float64Array(6).fill(9);
  jacobiEigen(matrix, vectors, 2);
  expect([...vectors]).toEqual([1, 0, 0, 1, 9, 9]);
  expect([...matrix]).toEqual([2, 0, 0, 2, 7, 7]);
  const zero = new Float64Array(9);
  jacobiEigen(zero, new Float64Array(9), 3);
  expect([...zero]).toEqual(Array(9).fill(0));
});
