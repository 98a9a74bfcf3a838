import type { TrainingBatch } from '../model/gradients/sequence-losses';
import type { Model } from '../model/model';

/** Inputs of a method that trains, besides the model that it changes. */
export interface TrainingContext {
  /** Model before the recipe's first step; unchanged and owned by the caller. */
  readonly teacher: Model;
  readonly data: TrainingData;
  /** Receives each measured point; steps increase, also after a run was resumed. */
  onPoint?(point: TrainingPoint): void;
  /** Called if the run ended before its last update, with the number of updates done. */
  onEndedEarly?(step: number): void;
  /** Pause and early end; absent: neither. */
  readonly control?: TrainingControl;
  /** Storage for the state of the run, so that an interrupted run resumes; absent: no state is saved. */
  readonly states?: TrainingStates;
}

/** Training sequences and held-out sequences. */
export interface TrainingData {
  /** Name of the text, for messages. */
  readonly text: string;
  /**
   * Batch of a step, always the same for the same step, so that a resumed run only needs its step number.
   * @param length tokens of each sequence; labelled sentences may be shorter
   */
  batch(step: number, size: number, length: number, seed: number): TrainingBatch;
  /** Held-out sequences of at most `length` tokens, in batches of at most `size` sequences. */
  heldOut(size: number, length: number): readonly TrainingBatch[];
}

/** Point of a run's loss curve. */
export interface TrainingPoint {
  /** Updates so far. */
  readonly step: number;
  readonly steps: number;
  /** Mean loss of the step's batches. */
  readonly trainingLoss?: number;
  /** Mean cross-entropy of the held-out sequences in nats per token (per example for a classifier). */
  readonly heldOutLoss?: number;
  readonly learningRate: number;
  readonly tokensPerSecond: number;
  /** Tokens trained on since the first step. */
  readonly tokens: number;
  /** Message for the user: a batch that was halved, a run that was resumed at a step. */
  readonly note?: string;
}

export interface TrainingControl {
  /** Resolves once the run may continue. */
  untilRunning(): Promise<void>;
  /** Whether the run should end at the next step with its best parameters so far. */
  readonly isFinishing: boolean;
}

/** Storage for the state of one run. */
export interface TrainingStates {
  read(): Promise<Uint8Array | undefined>;
  /** Replaces the stored state; an incomplete write is never read. */
  write(bytes: Uint8Array): Promise<void>;
  remove(): Promise<void>;
}
