import { expect, test } from 'vitest';
import { unrollLines } from './unroll';

test('a line with a dollar sign stands once for each number, all others once', () => {
  expect(unrollLines('let a = 1;\nlet x$ = y[$u];\nlet b = 2;', 2)).toBe(
    'let a = 1;\nlet x0 = y[0u];\nlet x1 = y[1u];\nlet b = 2;',
  );
});
