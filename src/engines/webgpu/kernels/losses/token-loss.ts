import type * as tf from '@tensorflow/tfjs';
import { reduceRows, type RowReduction } from '../wgsl/row-reduction';
import source from './token-loss.wgsl?raw';

const TOKEN_LOSS: RowReduction = {
  name: 'token-loss',
  source,
  state: ['greatest', 'sum'],
  logits: ['logits'],
  inputs: [{ name: 'targets', type: 'array<i32>' }],
  outputs: [{ name: 'losses', type: 'array<f32>' }],
};

/**
 * Negative log likelihood in nats of each row's target, numerically stable.
 * @param logits [rows, vocabulary]
 * @param targets [rows] int32; a negative target is not scored and gives 0
 * @returns [rows]
 */
export function tokenLoss(logits: tf.Tensor2D, targets: tf.Tensor1D): tf.Tensor1D {
  const [losses] = reduceRows(TOKEN_LOSS, {
    logits: [logits],
    inputs: [targets],
    outputs: [{ shape: [logits.shape[0]], dtype: 'float32' }],
  });
  return losses as tf.Tensor1D;
}
