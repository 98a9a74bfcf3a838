import type * as tf from '@tensorflow/tfjs';
import type { DifferentiableWeights } from '../model/gradients/differentiable-weights';
import type { TrainingBatch } from '../model/gradients/sequence-losses';

/** What training makes small. */
export interface Objective {
  /**
   * What the loss needs besides the student and stays constant (the teacher's logits), made before the tape begins. The
   * trainer disposes of it.
   */
  prepare?(batch: TrainingBatch): tf.TensorContainer;
  /** The mean loss of a batch, a scalar, by ops that tfjs's tape differentiates. Runs within a tidy. */
  loss(student: DifferentiableWeights, batch: TrainingBatch, prepared: tf.TensorContainer): tf.Scalar;
}
