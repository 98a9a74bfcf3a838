import type * as tf from '@tensorflow/tfjs';
import type { DifferentiableWeights } from '../model/gradients/differentiable-weights';
import type { TrainingBatch } from '../model/gradients/sequence-losses';

/** Loss that training minimizes. */
export interface Objective {
  /**
   * Computes constants of the loss (the teacher's logits) before the tape begins. The trainer disposes of them.
   */
  prepare?(batch: TrainingBatch): tf.TensorContainer;
  /** Mean loss of a batch, a scalar, using ops that tfjs's tape differentiates. Runs within a tidy. */
  loss(student: DifferentiableWeights, batch: TrainingBatch, prepared: tf.TensorContainer): tf.Scalar;
}
