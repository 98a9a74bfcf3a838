import { expect, test } from 'vitest';
import fixture from '../testing/fixtures/learning-rates.json';
import { LearningRates } from './learning-rate';
import type { TrainingSettings } from './training-settings';

const settings = {
  steps: 100,
  warmupSteps: 20,
  peakLearningRate: 2e-3,
  finalShare: 0.1,
  learningRateSchedule: 'cosine',
  decayShare: 0.2,
  cosineCycles: 4,
} as const;

function rates(of: Partial<ConstructorParameters<typeof LearningRates>[0]>, steps: readonly number[]) {
  const schedule = new LearningRates({ ...settings, ...of });
  return steps.map((step) => schedule.at(step));
}

test.each(Object.entries(fixture.rates))("%s matches PyTorch's schedulers", (name, expected) => {
  const learningRateSchedule = name as TrainingSettings['learningRateSchedule'];
  const found = rates({ ...fixture.settings, learningRateSchedule }, [...expected.keys()]);
  expect(found).toHaveLength(fixture.settings.steps);
  found.forEach((rate, step) =>
    expect(Math.abs(rate / expected[step] - 1), `step ${step}`).toBeLessThan(1e-7),
  );
});

test('after the last step the rate is the final one of the schedule', () => {
  expect(rates({}, [100, 1000])).toEqual([2e-4, 2e-4]);
  expect(rates({ learningRateSchedule: 'constant' }, [100])).toEqual([2e-3]);
});

test('without a warm-up the first step has the peak; a run shorter than its warm-up only rises', () => {
  expect(rates({ warmupSteps: 0 }, [0])).toEqual([2e-3]);
  expect(rates({ steps: 10 }, [4, 9])).toEqual([1e-3, 2e-3]);
  expect(rates({ steps: 10, learningRateSchedule: 'warmup-stable-decay' }, [9])).toEqual([2e-3]);
});

test('a decay longer than what follows the warm-up begins after it', () => {
  const [first, last] = rates({ learningRateSchedule: 'warmup-stable-decay', decayShare: 1 }, [20, 99]);
  expect(first).toBeCloseTo(2e-3 * (1 - 0.9 / 80), 15);
  expect(last).toBeCloseTo(2e-4, 15);
});

test('cycles divide the steps as evenly as possible, each from the peak', () => {
  const found = rates(
    { steps: 10, warmupSteps: 0, cosineCycles: 4, learningRateSchedule: 'cosine-restarts' },
    [...Array(10).keys()],
  );
  const starts = found.flatMap((rate, step) => (rate === 2e-3 ? [step] : []));
  expect(starts).toEqual([0, 3, 5, 8]);
});
