import { expect, test } from 'vitest';
import { f1Score } from './f1-score';

test('F1 is that of label 1 for two labels, else the macro mean', () => {
  // Label 1: two true positives, one false positive, one false negative: 4 / 6.
  expect(f1Score([1, 1, 1, 0, 0], [1, 1, 0, 1, 0], 2)).toBeCloseTo(2 / 3, 12);
  // Labels 0 and 1: 2/3 each; label 2 has no true positive and counts 0.
  expect(f1Score([0, 1, 1], [0, 0, 1], 3)).toBeCloseTo((2 / 3 + 2 / 3 + 0) / 3, 12);
  expect(f1Score([0, 0], [0, 0], 2)).toBe(0);
});
