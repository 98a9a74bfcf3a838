import { expect, test } from 'vitest';
import { chartCurve } from './chart-curve';

const base = { steps: 100, learningRate: 0.001, tokensPerSecond: 1, tokens: 1 };

test('training losses are averaged over stretches, held-out losses are all there', () => {
  const points = Array.from({ length: 9 }, (_, index) => ({
    ...base,
    step: index + 1,
    trainingLoss: index,
    ...(index === 2 || index === 3 ? { heldOutLoss: 10 + index } : {}),
  }));
  expect(chartCurve(points, 3)).toEqual([
    { step: 3, training: 1, heldOut: 12 },
    { step: 4, heldOut: 13 },
    { step: 6, training: 4 },
    { step: 9, training: 7 },
  ]);
  expect(chartCurve(points, 9)).toHaveLength(9);
});
