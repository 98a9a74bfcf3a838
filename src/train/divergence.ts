/** A loss counts into the running mean for about so many steps. */
const MEMORY = 50;
/** A run has diverged when its loss stays above so many times its running mean … */
const GREATEST_FACTOR = 3;
/** … and above it by so many nats: a distillation's loss begins near 0, and pruning raises it many times without harm … */
const LEAST_RISE = 1;
/** … for so many steps. */
const PATIENCE = 20;

export interface DivergenceState {
  readonly mean?: number;
  readonly count: number;
  /** Steps in a row whose loss was too high. */
  readonly streak: number;
}

/** Watches the losses of a run, one after the other. Losses that are too high leave the running mean as it is. */
export class DivergenceWatch {
  constructor(private current: DivergenceState = { count: 0, streak: 0 }) {}

  get state(): DivergenceState {
    return this.current;
  }

  /** @returns why the run has diverged with this loss, as the end of a sentence; undefined while it has not */
  add(loss: number): string | undefined {
    if (!Number.isFinite(loss)) return 'the loss is not finite';
    const { mean = loss, count, streak } = this.current;
    if (loss > Math.max(GREATEST_FACTOR * mean, mean + LEAST_RISE)) {
      this.current = { mean, count, streak: streak + 1 };
      if (streak + 1 < PATIENCE) return undefined;
      return `the loss has been above ${GREATEST_FACTOR} times its running mean of ${mean.toPrecision(3)} for ${PATIENCE} steps`;
    }
    const share = 1 / Math.min(count + 1, MEMORY);
    this.current = { mean: mean + (loss - mean) * share, count: count + 1, streak: 0 };
    return undefined;
  }
}
