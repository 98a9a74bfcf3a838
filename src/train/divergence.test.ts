import { describe, expect, test } from 'vitest';
import { DivergenceWatch } from './divergence';

/** @returns the index of the loss at which the run has diverged */
function divergedAt(losses: readonly number[], watch = new DivergenceWatch()): number | undefined {
  const index = losses.findIndex((loss) => watch.add(loss) !== undefined);
  return index < 0 ? undefined : index;
}
const times = (count: number, loss: number) => Array<number>(count).fill(loss);

describe('a run has diverged', () => {
  test.each([NaN, Infinity])('at once with a loss of %s', (loss) => {
    expect(divergedAt([2, 1.9, loss])).toBe(2);
  });

  test('after 20 steps in a row above three times the running mean', () => {
    expect(divergedAt([...times(10, 2), ...times(30, 6.1)])).toBe(29);
    expect(new DivergenceWatch({ mean: 2, count: 10, streak: 19 }).add(6.1)).toContain('mean of 2.00');
  });
});

describe('a run continues', () => {
  test('at three times the mean and below', () => {
    expect(divergedAt([...times(10, 2), ...times(40, 5.9)])).toBeUndefined();
  });

  test('after 19 high losses followed by a normal one', () => {
    const wave = [...times(19, 9), 2];
    expect(divergedAt([...times(10, 2), ...wave, ...wave, ...wave])).toBeUndefined();
  });

  test('if a loss near 0 rises by less than a nat', () => {
    expect(divergedAt([...times(10, 0.01), ...times(40, 0.9)])).toBeUndefined();
  });

  test('if pruning raises the loss step by step', () => {
    expect(divergedAt(Array.from({ length: 300 }, (_, step) => step / 50))).toBeUndefined();
  });
});

test('resumes from its state as if it had not stopped', () => {
  const losses = [...times(60, 2).map((loss, index) => loss + index / 100), ...times(30, 30)];
  const whole = divergedAt(losses);
  expect(whole).toBe(79);
  for (const cut of [1, 55, 70]) {
    const watch = new DivergenceWatch();
    expect(divergedAt(losses.slice(0, cut), watch)).toBeUndefined();
    const resumed = new DivergenceWatch(JSON.parse(JSON.stringify(watch.state)));
    expect(divergedAt(losses.slice(cut), resumed)).toBe(whole! - cut);
  }
});
