import { expect, test } from 'vitest';
import { exponentialOf, meanWithError, quantile, shareWithError } from './statistics';

test('mean, error and quantile agree with hand calculations', () => {
  // Squared deviations from 5: 9 + 1 + 1 + 25 = 36, so s² = 36 / 3.
  expect(meanWithError([2, 4, 4, 10]).value).toBe(5);
  expect(meanWithError([2, 4, 4, 10]).standardError).toBeCloseTo(Math.sqrt(36 / 3 / 4), 12);
  expect(meanWithError([7])).toEqual({ value: 7, standardError: 0 });
  expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
  expect(quantile([0, 10], 0.99)).toBeCloseTo(9.9, 12);
  expect(shareWithError(3, 4)).toEqual({ value: 0.75, standardError: Math.sqrt((0.75 * 0.25) / 4) });
  expect(exponentialOf({ value: Math.log(20), standardError: 0.1 }).standardError).toBeCloseTo(2, 12);
});
