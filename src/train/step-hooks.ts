import type * as tf from '@tensorflow/tfjs';
import type { TrainingBatch } from '../model/gradients/sequence-losses';
import type { Objective } from './objective';
import type { Student } from './student';

/** The loss of a batch and its gradient. Whoever holds it disposes of the tensors. */
export interface BatchGradients {
  /** The mean loss of the batch. */
  readonly loss: tf.Scalar;
  /** By each of the model's parameters, in their order. */
  readonly gradients: readonly tf.Tensor[];
}

/** A loss, and the model by whose parameters it is differentiated. */
export interface ModelLoss {
  readonly model: Student;
  /** The same object whenever the same is computed: what fits the GPU is found out once for each. */
  readonly objective: Objective;
}

/**
 * The gradient of a batch at the present parameters, in as many parts as fit the GPU.
 * @param of absent: the run's own objective, by the student's parameters
 */
export type GradientsOf = (batch: TrainingBatch, of?: ModelLoss) => Promise<BatchGradients>;

/** What a method keeps besides the parameters. */
export interface HookState {
  /** float32 or int32, by a name of the method's own. */
  readonly tensors?: Readonly<Record<string, tf.Tensor>>;
  /** Whatever JSON gives back as it was. */
  readonly json?: unknown;
}

/** Where a method takes part in a run. */
export interface StepHooks {
  /**
   * Before an update: new masks, the draw of a quantization's noise, another phase.
   * @param step updates so far, from 0
   */
  beforeStep?(step: number): void | Promise<void>;
  /** Another way to take the gradient of a batch, such as at another point; it may call `compute` more than once. */
  gradients?(compute: GradientsOf, batch: TrainingBatch): Promise<BatchGradients>;
  /**
   * What is measured in place of the mean cross-entropy of the held-out sequences, and makes parameters the best: it is to
   * stand for the variant as it would be if the run ended now.
   */
  heldOutLoss?(student: Student, heldOut: readonly TrainingBatch[]): Promise<number>;
  /** What `restore` needs so that a run goes on as if it had not stopped. The tensors stay the method's. */
  state?(): HookState;
  /** @param state as `state` gave it; its tensors belong to the method from here on */
  restore?(state: HookState): void;
}
