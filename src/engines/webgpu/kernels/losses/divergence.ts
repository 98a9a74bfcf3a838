import type * as tf from '@tensorflow/tfjs';
import source from './divergence.wgsl?raw';
import { reduceRows, type RowReduction } from '../wgsl/row-reduction';

const DIVERGENCE: RowReduction = {
  name: 'divergence',
  source,
  state: [
    'baseGreatest',
    'variantGreatest',
    'baseQuad',
    'variantQuad',
    'baseSum',
    'variantSum',
    'differenceSum',
  ],
  logits: ['baseLogits', 'variantLogits'],
  inputs: [],
  outputs: [
    { name: 'divergences', type: 'array<f32>' },
    { name: 'sameTop', type: 'array<f32>' },
  ],
};

/**
 * Compares two models' predictions row by row; both logits are [rows, vocabulary].
 * @returns `kl`: KL(base ‖ variant) in nats, [rows]; `sameTop`: 1 where both rank the same token first, else 0, [rows]
 */
export function divergence(
  base: tf.Tensor2D,
  variant: tf.Tensor2D,
): { kl: tf.Tensor1D; sameTop: tf.Tensor1D } {
  const shape = [base.shape[0]];
  const [kl, sameTop] = reduceRows(DIVERGENCE, {
    logits: [base, variant],
    outputs: [
      { shape, dtype: 'float32' },
      { shape, dtype: 'float32' },
    ],
  });
  return { kl: kl as tf.Tensor1D, sameTop: sameTop as tf.Tensor1D };
}
