import { expect, test } from 'vitest';
import { f1Score } from './f1-score';

test('F1: of label 1 for two labels, else the mean over all', () => {
  // Label 1: two hits, one false alarm, one miss: 4 / 6.
  expect(f1Score([1, 1, 1, 0, 0], [1, 1, 0, 1, 0], 2)).toBeCloseTo(2 / 3, 12);
  // Labels 0 and 1: 2/3 each; label 2 is never met and counts 0.
  expect(f1Score([0, 1, 1], [0, 0, 1], 3)).toBeCloseTo((2 / 3 + 2 / 3 + 0) / 3, 12);
  expect(f1Score([0, 0], [0, 0], 2)).toBe(0);
});
