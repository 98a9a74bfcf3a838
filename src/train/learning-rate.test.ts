import { expect, test } from 'vitest';
import { learningRate, type LearningRatePhase, warmUpAndCosine } from './learning-rate';

const settings = { steps: 100, warmupSteps: 20, peakLearningRate: 2e-3, finalShare: 0.1 };
const rates = (phases: readonly LearningRatePhase[], steps: readonly number[]) =>
  steps.map((step) => learningRate(phases, step));

test('rises in a line and reaches the peak with the last step of the warm-up', () => {
  const found = rates(warmUpAndCosine(settings), [0, 4, 9, 19]);
  [1e-4, 5e-4, 1e-3, 2e-3].forEach((rate, index) => expect(found[index]).toBeCloseTo(rate, 15));
});

test('falls as a cosine: the peak, half way, and the final share after the last step', () => {
  const found = rates(warmUpAndCosine(settings), [20, 40, 60, 80, 100, 1000]);
  const share = (x: number) => 2e-3 * (0.1 + 0.9 * x);
  const expected = [1, 0.5 + Math.SQRT1_2 / 2, 0.5, 0.5 - Math.SQRT1_2 / 2, 0, 0].map(share);
  expected.forEach((rate, index) => expect(found[index]).toBeCloseTo(rate, 15));
});

test('without a warm-up the first step has the peak; a run shorter than its warm-up only rises', () => {
  expect(learningRate(warmUpAndCosine({ ...settings, warmupSteps: 0 }), 0)).toBe(2e-3);
  const short = warmUpAndCosine({ ...settings, steps: 10 });
  expect(short[0].steps).toBe(10);
  expect(learningRate(short, 9)).toBe(2e-3);
});

test('phases follow one another: constant, then two cosines from a fresh peak', () => {
  const phases: LearningRatePhase[] = [
    { steps: 3, from: 0.5, to: 0.5, shape: 'linear' },
    { steps: 4, from: 1, to: 0, shape: 'cosine' },
    { steps: 2, from: 1, to: 0, shape: 'cosine' },
  ];
  const expected = [0.5, 0.5, 0.5, 1, 0.5 + Math.SQRT1_2 / 2, 0.5, 0.5 - Math.SQRT1_2 / 2, 1, 0.5, 0];
  rates(phases, [...expected.keys()]).forEach((rate, step) => expect(rate).toBeCloseTo(expected[step], 15));
});
