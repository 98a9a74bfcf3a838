/** Window of the running mean, in steps. */
const MEMORY = 50;
/** Diverging losses exceed the running mean by this factor … */
const GREATEST_FACTOR = 3;
/** … and by this many nats: a distillation's loss begins near 0, and pruning raises it many times without harm … */
const LEAST_RISE = 1;
/** … for this many steps in a row. */
const PATIENCE = 20;

export interface DivergenceState {
  readonly mean?: number;
  readonly count: number;
  /** Number of consecutive steps with too high a loss. */
  readonly streak: number;
}

/** Detects divergence from the losses of a run. Losses that are too high do not enter the running mean. */
export class DivergenceWatch {
  constructor(private current: DivergenceState = { count: 0, streak: 0 }) {}

  get state(): DivergenceState {
    return this.current;
  }

  /** @returns reason for divergence at this loss, as the end of a sentence; undefined if the run has not diverged */
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
