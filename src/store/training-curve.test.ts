import { expect, test } from 'vitest';
import { trainingPoint as point } from '../testing/training-point';
import { secondsLeft, withPoints } from './training-curve';

test('a long curve is thinned: held-out losses and the last point stay', () => {
  const points = Array.from({ length: 100 }, (_, step) =>
    point(step, step % 20 === 0 ? { heldOutLoss: 3 } : { trainingLoss: 4 }),
  );
  const curve = withPoints([], points, 30);
  expect(curve.length).toBeLessThanOrEqual(30);
  expect(curve.filter(({ heldOutLoss }) => heldOutLoss !== undefined).map(({ step }) => step)).toEqual([
    0, 20, 40, 60, 80,
  ]);
  expect(curve.at(-1)!.step).toBe(99);
  expect(curve.map(({ step }) => step)).toEqual(curve.map(({ step }) => step).toSorted((a, b) => a - b));
});

test('held-out losses are thinned when they alone exceed the maximum', () => {
  const points = Array.from({ length: 100 }, (_, step) => point(step, { heldOutLoss: 3 }));
  expect(withPoints([], points, 30).length).toBeLessThanOrEqual(30);
});

test('the next step of a recipe begins a new curve', () => {
  const first = withPoints([], [point(1), point(2)]);
  expect(withPoints(first, [point(1)])).toEqual([point(1)]);
  expect(withPoints(first, [point(3, { steps: 7 })])).toHaveLength(1);
});

test('the remaining time follows from the rate', () => {
  // 90 steps of 400 tokens at 200 tokens per second.
  expect(secondsLeft(point(10))).toBe(180);
  expect(secondsLeft(point(0))).toBeUndefined();
  expect(secondsLeft(point(10, { tokensPerSecond: 0 }))).toBeUndefined();
});
