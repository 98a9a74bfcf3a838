import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { polls } from './rest-between-polls';

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout'] }));
afterEach(() => vi.useRealTimers());

/** Polls this many times; returns how many polls came without a rest. */
function pollsAtOnce(count: number, schedule: (poll: () => void) => unknown, atOnce: (() => void)[]): number {
  let left = count;
  let withoutRest = 0;
  const poll = () => {
    if (--left > 0) schedule(poll);
  };
  schedule(poll);
  while (left > 0) {
    const next = atOnce.shift();
    if (next) {
      withoutRest++;
      next();
    } else {
      vi.advanceTimersByTime(1);
    }
  }
  return withoutRest;
}

test('a wait polls without rests at first and then with them, and every wait begins anew', () => {
  const atOnce: (() => void)[] = [];
  const schedule = polls((callback) => atOnce.push(callback));
  expect(pollsAtOnce(100, schedule, atOnce)).toBe(16);
  expect(vi.getTimerCount()).toBe(0);
  expect(pollsAtOnce(5, schedule, atOnce)).toBe(5);
});
