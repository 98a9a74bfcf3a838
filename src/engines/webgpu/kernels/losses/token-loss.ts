import type * as tf from '@tensorflow/tfjs';
import { rowReduction } from '../wgsl/row-reduction';
import body from './token-loss.wgsl?raw';

const reduceRows = rowReduction({
  name: 'token-loss',
  logits: ['logits'],
  inputs: { targets: 'array<i32>' },
  outputs: { losses: 'array<f32>' },
  state: ['greatest', 'sum'],
  body,
});

/**
 * Negative log likelihood in nats of each row's target, numerically stable.
 * @param logits [rows, vocabulary]
 * @param targets [rows] int32; a negative target is not scored and gives 0
 * @returns [rows]
 */
export function tokenLoss(logits: tf.Tensor2D, targets: tf.Tensor1D): tf.Tensor1D {
  return reduceRows({
    logits: { logits },
    inputs: { targets },
    outputs: { losses: [logits.shape[0]] },
  }).losses;
}
