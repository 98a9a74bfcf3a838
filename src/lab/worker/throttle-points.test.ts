import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { trainingPoint } from '../../testing/training-point';
import { throttlePoints } from './throttle-points';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

const point = (step: number, change = {}) => trainingPoint(step, { steps: 100_000, ...change });

test('points are passed on at intervals; a held-out loss, a note and the last one always', () => {
  const seen: number[] = [];
  const report = throttlePoints(({ step }) => seen.push(step));
  report(point(1));
  report(point(2));
  report(point(3, { heldOutLoss: 3 }));
  report(point(4, { note: 'a batch was halved' }));
  report(point(5));
  vi.advanceTimersByTime(1000);
  report(point(6));
  report(point(7));
  report(point(100_000));
  expect(seen).toEqual([1, 3, 4, 6, 100_000]);
});

test('a curve that arrives at once keeps its shape', () => {
  const seen: number[] = [];
  const report = throttlePoints(({ step }) => seen.push(step));
  for (let step = 1; step <= 2000; step++) report(point(step, { steps: 2000 }));
  expect(seen.length).toBeGreaterThan(300);
  expect(seen.length).toBeLessThan(500);
  // The next run starts over.
  report(point(1, { steps: 2000 }));
  expect(seen.at(-1)).toBe(1);
});
