import { expect, test } from 'vitest';
import { trainingPoint as point } from '../../testing/training-point';
import { bestPoint, trainingRecord } from './training-record';

test('a record holds the number of updates, the best step and the speed', () => {
  const points = [
    point(0, { heldOutLoss: 5, tokensPerSecond: 0 }),
    point(1, { trainingLoss: 4, tokensPerSecond: 100 }),
    point(2, { trainingLoss: 3, heldOutLoss: 2.5 }),
    point(3, { trainingLoss: 2, heldOutLoss: 2.75, tokensPerSecond: 900 }),
  ];
  expect(trainingRecord(1, points)).toEqual({
    recipeStep: 1,
    stepsMade: 3,
    steps: 100,
    tokens: 1200,
    tokensPerSecond: 200,
    bestStep: 2,
    heldOutLosses: [
      { step: 0, tokens: 0, loss: 5 },
      { step: 2, tokens: 800, loss: 2.5 },
      { step: 3, tokens: 1200, loss: 2.75 },
    ],
    trainingLosses: [
      { step: 1, tokens: 400, loss: 4 },
      { step: 2, tokens: 800, loss: 3 },
      { step: 3, tokens: 1200, loss: 2 },
    ],
  });
});

test('many training losses are averaged over intervals, the last one shorter; all held-out losses stay', () => {
  const points = Array.from({ length: 10 }, (_, index) =>
    point(index + 1, { trainingLoss: index, heldOutLoss: 10 + index }),
  );
  const { trainingLosses, heldOutLosses } = trainingRecord(0, points, 4);
  expect(trainingLosses.map(({ step, loss }) => [step, loss])).toEqual([
    [3, 1],
    [6, 4],
    [9, 7],
    [10, 9],
  ]);
  expect(heldOutLosses).toHaveLength(10);
});

test('the best point has the lowest held-out loss, the first if equal', () => {
  const losses = [4, 3, 3, 5];
  expect(bestPoint(losses.map((heldOutLoss, step) => point(step, { heldOutLoss })))!.step).toBe(1);
  expect(bestPoint([point(1, { trainingLoss: 1 })])).toBeUndefined();
});
