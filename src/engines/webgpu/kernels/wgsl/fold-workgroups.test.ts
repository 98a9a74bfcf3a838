import { expect, test } from 'vitest';
import { foldWorkgroups } from './fold-workgroups';

test.each([
  [0, [0, 0]],
  [1, [1, 1]],
  [65_535, [65_535, 1]],
  [65_536, [32_768, 2]],
  [200_001, [50_001, 4]],
])('%i workgroups', (count, folded) => {
  const [x, y] = foldWorkgroups(count, 65_535);
  expect([x, y]).toEqual(folded);
  expect(x * y).toBeGreaterThanOrEqual(count);
});
