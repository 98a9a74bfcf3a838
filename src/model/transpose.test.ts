import { expect, test } from 'vitest';
import { transpose } from './transpose';

test.each([
  [1, 1],
  [3, 5],
  [32, 64],
  [33, 31],
  [1, 100],
  [100, 65],
])('transposes a matrix of %i×%i', (rows, columns) => {
  const values = Float32Array.from({ length: rows * columns }, (_, index) => index);
  const expected = new Float32Array(values.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      expected[column * rows + row] = values[row * columns + column];
  expect(transpose(values, rows, columns)).toEqual(expected);
  expect(transpose(expected, columns, rows)).toEqual(values);
  const scratch = new Float32Array(values.length).fill(NaN);
  expect(transpose(values, rows, columns, scratch)).toBe(scratch);
  expect(scratch).toEqual(expected);
});
