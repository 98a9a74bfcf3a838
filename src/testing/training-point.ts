import type { TrainingPoint } from '../train/training-context';

/** Point of a run of 100 steps of 400 tokens at 200 tokens per second. */
export function trainingPoint(step: number, change: Partial<TrainingPoint> = {}): TrainingPoint {
  return { step, steps: 100, learningRate: 0.001, tokensPerSecond: 200, tokens: 400 * step, ...change };
}
