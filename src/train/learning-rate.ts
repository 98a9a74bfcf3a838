import type { TrainingSettings } from './training-settings';

/** Phase of a learning rate schedule, which is a list of consecutive phases. */
interface LearningRatePhase {
  readonly steps: number;
  readonly from: number;
  readonly to: number;
  /**
   * `linear` reaches `to` at its last step. `cosine` begins at `from` with its first step and would reach `to` one step
   * after its last (half a period: Loshchilov and Hutter 2017, equation 5).
   */
  readonly shape: 'linear' | 'cosine';
}

/** Settings that determine the learning rates of a run. */
type LearningRateSettings = Pick<
  TrainingSettings,
  | 'steps'
  | 'peakLearningRate'
  | 'warmupSteps'
  | 'learningRateSchedule'
  | 'finalShare'
  | 'decayShare'
  | 'cosineCycles'
>;

/** Phases after the warm-up. `least` is the final rate. */
type AfterWarmup = (
  steps: number,
  peak: number,
  least: number,
  settings: LearningRateSettings,
) => readonly LearningRatePhase[];

const AFTER_WARMUP = {
  cosine: (steps, peak, least) => [{ steps, from: peak, to: least, shape: 'cosine' }],
  linear: (steps, peak, least) => [{ steps, from: peak, to: least, shape: 'linear' }],
  constant: (steps, peak) => [{ steps, from: peak, to: peak, shape: 'linear' }],
  'warmup-stable-decay': (steps, peak, least, settings) => {
    const decaying = Math.min(steps, Math.round(settings.decayShare * settings.steps));
    return [
      { steps: steps - decaying, from: peak, to: peak, shape: 'linear' },
      { steps: decaying, from: peak, to: least, shape: 'linear' },
    ];
  },
  'cosine-restarts': (steps, peak, least, { cosineCycles }) =>
    Array.from({ length: cosineCycles }, (_, cycle) => ({
      steps: cycleEnd(cycle + 1, steps, cosineCycles) - cycleEnd(cycle, steps, cosineCycles),
      from: peak,
      to: least,
      shape: 'cosine',
    })),
} satisfies Record<TrainingSettings['learningRateSchedule'], AfterWarmup>;

/**
 * Learning rates of a run: linear warm-up to the peak, then as `learningRateSchedule` says: a `cosine` or a line (`linear`)
 * down to the final share of the peak; the peak throughout (`constant`); the peak until a line falls in the last `decayShare`
 * of all steps (`warmup-stable-decay`: Hu et al. 2024, "MiniCPM", section 4); `cosineCycles` cosines of equal length, each
 * from the peak (`cosine-restarts`: Loshchilov and Hutter 2017, "SGDR", section 3).
 */
export class LearningRates {
  private readonly phases: readonly LearningRatePhase[];

  constructor(settings: LearningRateSettings) {
    const { steps, warmupSteps, peakLearningRate, finalShare, learningRateSchedule } = settings;
    const rising = Math.min(warmupSteps, steps);
    this.phases = [
      { steps: rising, from: 0, to: peakLearningRate, shape: 'linear' },
      ...AFTER_WARMUP[learningRateSchedule](
        steps - rising,
        peakLearningRate,
        peakLearningRate * finalShare,
        settings,
      ),
    ];
  }

  /**
   * Learning rate of one update; after the last phase its final rate.
   * @param step updates before this one
   */
  at(step: number): number {
    let position = step;
    for (const { steps, from, to, shape } of this.phases) {
      if (position >= steps) {
        position -= steps;
        continue;
      }
      if (shape === 'linear') return from + (to - from) * ((position + 1) / steps);
      return to + (from - to) * 0.5 * (1 + Math.cos((Math.PI * position) / steps));
    }
    return this.phases.at(-1)!.to;
  }
}

function cycleEnd(cycle: number, steps: number, cycles: number): number {
  return Math.round((cycle * steps) / cycles);
}
