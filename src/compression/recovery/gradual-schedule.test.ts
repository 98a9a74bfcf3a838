import { describe, expect, test } from 'vitest';
import { cubicSparsity, keptAt, prunesAt } from './gradual-schedule';

describe('the cubic schedule', () => {
  const schedule = { pruningSteps: 100, pruneEvery: 10 };

  test.each([
    [0, 0],
    [10, 0.7 * 0.271],
    [50, 0.7 * 0.875],
    [90, 0.7 * 0.999],
    [100, 0.7],
    [400, 0.7],
  ])('at step %i of 100 it is %f', (step, expected) => {
    expect(cubicSparsity(step, schedule, 0.7)).toBeCloseTo(expected, 12);
  });

  test('of 2:4 it keeps four, three and two', () => {
    const kept = (step: number) => keptAt(step, schedule, { kept: 2, groupSize: 4 });
    // 2 · (1 − (1 − t)³) passes 0.5 between steps 9 and 10 and 1.5 between 37 and 38.
    expect([0, 9, 10, 37, 38, 100, 101].map(kept)).toEqual([4, 4, 3, 3, 2, 2, 2]);
  });

  test('masks are made at every tenth step and at the last, not after it', () => {
    const made = (last: number) =>
      Array.from({ length: 40 }, (_, step) => step).filter((step) =>
        prunesAt(step, { pruningSteps: last, pruneEvery: 10 }),
      );
    expect(made(25)).toEqual([0, 10, 20, 25]);
    expect(made(30)).toEqual([0, 10, 20, 30]);
    expect(made(0)).toEqual([0]);
  });
});
