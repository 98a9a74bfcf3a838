import type { TrainingSettings } from './training-settings';

/** Some steps of a run and how the learning rate goes in them. A schedule is a list of such phases, one after the other. */
export interface LearningRatePhase {
  readonly steps: number;
  readonly from: number;
  readonly to: number;
  /**
   * `linear` reaches `to` at its last step. `cosine` begins at `from` with its first step and would reach `to` one step
   * after its last (half a period: Loshchilov and Hutter 2017, equation 5).
   */
  readonly shape: 'linear' | 'cosine';
}

/** Up to the peak in a line, down to a share of it as a cosine. */
export function warmUpAndCosine({
  steps,
  warmupSteps,
  peakLearningRate,
  finalShare,
}: Pick<
  TrainingSettings,
  'steps' | 'warmupSteps' | 'peakLearningRate' | 'finalShare'
>): readonly LearningRatePhase[] {
  const rising = Math.min(warmupSteps, steps);
  return [
    { steps: rising, from: 0, to: peakLearningRate, shape: 'linear' },
    { steps: steps - rising, from: peakLearningRate, to: peakLearningRate * finalShare, shape: 'cosine' },
  ];
}

/**
 * The learning rate of one update; after the last phase where that one ended.
 * @param step updates before this one
 */
export function learningRate(phases: readonly LearningRatePhase[], step: number): number {
  let position = step;
  for (const { steps, from, to, shape } of phases) {
    if (position >= steps) {
      position -= steps;
      continue;
    }
    if (shape === 'linear') return from + (to - from) * ((position + 1) / steps);
    return to + (from - to) * 0.5 * (1 + Math.cos((Math.PI * position) / steps));
  }
  return phases.at(-1)!.to;
}
