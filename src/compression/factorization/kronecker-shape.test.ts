import { expect, test } from 'vitest';
import { automaticAShape } from './kronecker-shape';

test.each([
  // The matrices of the demo GPT-2's blocks; see the function's figures.
  [768, 192, [384, 1]],
  [192, 192, [192, 2]],
  // Two primes can only be divided as a column times a row.
  [13, 17, [13, 1]],
  [1, 1, [1, 1]],
] as [number, number, [number, number]][])('%i×%i', (outputs, inputs, expected) => {
  expect(automaticAShape([outputs, inputs])).toEqual(expected);
});

test.each([
  [576, 192],
  [192, 768],
  [2304, 768],
  [13, 16],
  [24, 40],
  [1, 12],
])('%i×%i: both are divided, and neither factor is much larger than the other', (outputs, inputs) => {
  const [aRows, aColumns] = automaticAShape([outputs, inputs]);
  const [bRows, bColumns] = [outputs / aRows, inputs / aColumns];
  expect([aRows, aColumns, bRows, bColumns].every(Number.isInteger)).toBe(true);
  const parameters = aRows * aColumns + bRows * bColumns;
  expect(parameters).toBeLessThan(3 * 2 * Math.sqrt(outputs * inputs));
});
