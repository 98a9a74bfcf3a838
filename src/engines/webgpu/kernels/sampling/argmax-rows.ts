import type * as tf from '@tensorflow/tfjs';
import source from './argmax-rows.wgsl?raw';
import { reduceRows, type RowReduction } from '../wgsl/row-reduction';

const ARGMAX_ROWS: RowReduction = {
  name: 'argmax-rows',
  source,
  state: ['greatest', 'quad'],
  logits: ['logits'],
  inputs: [],
  outputs: [{ name: 'tops', type: 'array<i32>' }],
};

/** Index of the greatest value of each row, the lowest among equals: [rows, vocabulary] → [rows] int32. */
export function argmaxRows(logits: tf.Tensor2D): tf.Tensor1D {
  const [tops] = reduceRows(ARGMAX_ROWS, {
    logits: [logits],
    outputs: [{ shape: [logits.shape[0]], dtype: 'int32' }],
  });
  return tops as tf.Tensor1D;
}
