import type * as tf from '@tensorflow/tfjs';
import type { TrainingBatch } from '../model/gradients/sequence-losses';
import type { Objective } from './objective';
import type { Student } from './student';

/** Loss of a batch and its gradient. The holder disposes of the tensors. */
export interface BatchGradients {
  /** Mean loss of the batch. */
  readonly loss: tf.Scalar;
  /** Gradient with respect to each of the model's parameters, in their order. */
  readonly gradients: readonly tf.Tensor[];
}

/** Loss, and the model with respect to whose parameters it is differentiated. */
export interface ModelLoss {
  readonly model: Student;
  /** The same object for the same computation: the part size that fits the GPU is found once per objective. */
  readonly objective: Objective;
}

/**
 * Computes the gradient of a batch at the present parameters, in as many parts as fit the GPU.
 * @param of default: the run's objective with respect to the student's parameters
 */
export type GradientsOf = (batch: TrainingBatch, of?: ModelLoss) => Promise<BatchGradients>;

/** State of a method besides the parameters. */
export interface HookState {
  /** float32 or int32 tensors, by names that the method chooses. */
  readonly tensors?: Readonly<Record<string, tf.Tensor>>;
  /** JSON value. */
  readonly json?: unknown;
}

/** Hooks of a method into a run. */
export interface StepHooks {
  /**
   * Runs before an update: new masks, new quantization noise, the next phase.
   * @param step updates so far, from 0
   */
  beforeStep?(step: number): void | Promise<void>;
  /** Replaces the gradient of a batch, such as by one at another point; may call `compute` more than once. */
  gradients?(compute: GradientsOf, batch: TrainingBatch): Promise<BatchGradients>;
  /**
   * Replaces the mean cross-entropy of the held-out sequences, by which the best parameters are selected: it measures the
   * variant as it would be if the run ended now.
   */
  heldOutLoss?(student: Student, heldOut: readonly TrainingBatch[]): Promise<number>;
  /** State from which `restore` resumes the run as if it had not stopped. The method owns the tensors. */
  state?(): HookState;
  /** @param state from `state`; the method owns its tensors from here on */
  restore?(state: HookState): void;
}
