import { describe, expect, test } from 'vitest';
import { describeOnEachDevice } from '../testing/each-device';
import type { CoreShape } from './contraction-cost';
import { mergedShapes, mergeSteps, planTensorTrain } from './tensor-train-plan';

const CORES: CoreShape[] = [
  { left: 1, row: 4, column: 4, right: 16 },
  { left: 16, row: 6, column: 6, right: 31 },
  { left: 31, row: 8, column: 8, right: 1 },
];

const elements = ({ left, row, column, right }: CoreShape) => left * row * column * right;

describe('merged cores', () => {
  test('carry the rows and columns of both, and the ranks outside', () => {
    expect(mergedShapes(CORES, [2, 1])).toEqual([
      { left: 1, row: 24, column: 24, right: 31 },
      { left: 31, row: 8, column: 8, right: 1 },
    ]);
    expect(mergeSteps(CORES, [1, 2]).map(({ index }) => index)).toEqual([2]);
    expect(mergeSteps(CORES, [1, 1, 1])).toEqual([]);
  });
});

describeOnEachDevice(() => {
  test('a train of great rank is merged for many tokens, never to the whole matrix', () => {
    const { groups } = planTensorTrain(CORES, 256, 1e9);
    expect(groups.length).toBe(2);
    for (const shape of mergedShapes(CORES, groups)) expect(elements(shape)).toBeLessThan(192 * 192);
  });

  test('cores are left apart for one token, and where a merged one would not fit', () => {
    const thin = CORES.map((core) => ({
      ...core,
      left: Math.min(core.left, 3),
      right: Math.min(core.right, 3),
    }));
    expect(planTensorTrain(thin, 1, 1e9).groups).toEqual([1, 1, 1]);
    expect(planTensorTrain(CORES, 256, 100).groups).toEqual([1, 1, 1]);
  });

  test('one core is taken as it is', () => {
    const { groups, elements: most } = planTensorTrain([{ left: 1, row: 6, column: 10, right: 1 }], 3, 1e9);
    expect(groups).toEqual([1]);
    expect(most).toBe(6);
  });
});
