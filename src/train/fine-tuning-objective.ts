import * as tf from '@tensorflow/tfjs';
import { crossEntropy } from '../model/gradients/cross-entropy';
import { differentiableLogits, type TrainingBatch } from '../model/gradients/sequence-losses';
import { targetCount } from './batch-parts';
import type { Objective } from './objective';
import { TrainingError } from './training-error';

/** Cross-entropy, averaged over all targets of a batch. */
export const fineTuning: Objective = {
  loss: (student, batch) =>
    meanOverTargets(crossEntropy(differentiableLogits(student, batch), batch.targets), batch),
};

/**
 * @param losses one for each row of the logits, 0 for rows without a target
 * @throws TrainingError if no row has a target
 */
export function meanOverTargets(losses: tf.Tensor1D, batch: TrainingBatch): tf.Scalar {
  const count = targetCount(batch);
  if (count === 0) {
    throw new TrainingError(
      'The text has no labels to train a classifier by; use labelled sentences, or learn from the teacher alone (a distillation weight of 1).',
    );
  }
  return tf.mul(tf.sum(losses), 1 / count);
}
