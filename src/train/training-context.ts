import type { TrainingBatch } from '../model/gradients/sequence-losses';
import type { Model } from '../model/model';

/** What a method that trains is given besides the model that it changes. */
export interface TrainingContext {
  /** The model before the recipe's first step. It stays as it is, and belongs to the caller. */
  readonly teacher: Model;
  readonly data: TrainingData;
  /** What was measured on the way; steps count up, also after a run was taken up again. */
  onPoint?(point: TrainingPoint): void;
  /** The run has ended before its last update, after so many. */
  onEndedEarly?(step: number): void;
  /** Pause and early end; absent: neither. */
  readonly control?: TrainingControl;
  /** Where the state of the run is kept, so that a run that broke off goes on; absent: nowhere. */
  readonly states?: TrainingStates;
}

/** Sequences to train on, and others that training never sees. */
export interface TrainingData {
  /** Of the text, for messages. */
  readonly text: string;
  /**
   * The batch of a step, the same whenever it is asked for: a run that goes on needs nothing but the number of its step.
   * @param length tokens of each sequence; labelled sentences may be shorter
   */
  batch(step: number, size: number, length: number, seed: number): TrainingBatch;
  /** Held-out sequences of at most so many tokens, in batches of at most so many sequences. */
  heldOut(size: number, length: number): readonly TrainingBatch[];
}

/** One point of the curve of a run. */
export interface TrainingPoint {
  /** Updates so far. */
  readonly step: number;
  readonly steps: number;
  /** Mean loss of the step's batches. */
  readonly trainingLoss?: number;
  /** Mean cross-entropy of the held-out sequences in nats a token (an example, of a classifier). */
  readonly heldOutLoss?: number;
  readonly learningRate: number;
  readonly tokensPerSecond: number;
  /** Of tokens trained on since the first step. */
  readonly tokens: number;
  /** What a user should know: a batch that was halved, a run that was taken up again at a step. */
  readonly note?: string;
}

export interface TrainingControl {
  /** Resolves at once while the run may go on, else when it may again. */
  untilRunning(): Promise<void>;
  /** The run is to end at the next step and keep the best so far. */
  readonly isFinishing: boolean;
}

/** One place for the state of one run. */
export interface TrainingStates {
  read(): Promise<Uint8Array | undefined>;
  /** Replaces what is there; a state that was written in part is never read. */
  write(bytes: Uint8Array): Promise<void>;
  remove(): Promise<void>;
}
