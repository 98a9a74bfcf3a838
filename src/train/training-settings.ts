import type { LearningRateSettings } from './learning-rate';

/** How a run of training goes; every method that trains has these among its parameters. */
export interface TrainingSettings extends LearningRateSettings {
  /** The run ends after so many of them, with the schedule of all: how a run that was ended early is made again. */
  readonly stopAfter?: number;
  /** Sequences of one update. */
  readonly batchSize: number;
  /** Tokens of one sequence. */
  readonly sequenceLength: number;
  /** Parts that a batch runs in, one after the other, their gradients added up: less memory, the same update. */
  readonly accumulation: number;
  /** Decays of AdamW's two moments (Loshchilov and Hutter 2019). */
  readonly beta1: number;
  readonly beta2: number;
  /** Decoupled, of matrices and factors. */
  readonly weightDecay: number;
  /** Greatest norm of all gradients together; greater ones are scaled down to it. */
  readonly clipping: number;
  /** Of the draw of sequences and of whatever a method draws. */
  readonly seed: number;
  /** Steps between two measurements of the held-out loss. */
  readonly evaluateEvery: number;
  /** Steps between two states that are kept. */
  readonly keepStateEvery: number;
}
