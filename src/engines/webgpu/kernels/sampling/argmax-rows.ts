import type * as tf from '@tensorflow/tfjs';
import body from './argmax-rows.wgsl?raw';
import { rowReduction } from '../wgsl/row-reduction';

const reduceRows = rowReduction({
  name: 'argmax-rows',
  logits: ['logits'],
  inputs: {},
  outputs: { tops: 'array<i32>' },
  state: ['greatest', 'quad'],
  body,
});

/** Index of the maximum of each row, the lowest if equal: [rows, vocabulary] → [rows] int32. */
export function argmaxRows(logits: tf.Tensor2D): tf.Tensor1D {
  return reduceRows({ logits: { logits }, inputs: {}, outputs: { tops: [logits.shape[0]] } }).tops;
}
