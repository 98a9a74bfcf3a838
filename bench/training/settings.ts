/** Optimizer settings for both contenders. */
export const SETTINGS = {
  learningRate: 1e-4,
  beta1: 0.9,
  beta2: 0.98,
  epsilon: 1e-8,
  weightDecay: 0.05,
  clipping: 1,
} as const;
