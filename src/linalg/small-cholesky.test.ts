import { expect, test } from 'vitest';
import { expectAllClose } from '../testing/allclose';
import { factorInPlace, solveInPlace } from './small-cholesky';

test('a known factor', () => {
  // L = [[2, 0, 0], [6, 1, 0], [-8, 5, 3]].
  const a = Float64Array.of(4, 12, -16, 12, 37, -43, -16, -43, 98);
  factorInPlace(a, 3);
  expect([0, 3, 4, 6, 7, 8].map((index) => a[index])).toEqual([2, 6, 1, -8, 5, 3]);
});

test('a system is solved', () => {
  const a = Float64Array.of(4, 12, -16, 12, 37, -43, -16, -43, 98);
  const wanted = [1, -2, 0.5];
  const b = Float64Array.from([0, 1, 2], (row) =>
    wanted.reduce((sum, value, column) => sum + a[row * 3 + column] * value, 0),
  );
  factorInPlace(a, 3);
  solveInPlace(a, 3, b);
  expectAllClose(b, wanted, { absolute: 1e-11, relative: 0 });
});

test('a matrix that is not positive definite is refused', () => {
  expect(() => factorInPlace(Float64Array.of(1, 2, 2, 1), 2)).toThrow('pivot 1 of 2 is -3');
});
