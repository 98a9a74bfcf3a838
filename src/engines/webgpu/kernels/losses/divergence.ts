import type * as tf from '@tensorflow/tfjs';
import body from './divergence.wgsl?raw';
import { rowReduction } from '../wgsl/row-reduction';

const reduceRows = rowReduction({
  name: 'divergence',
  logits: ['baseLogits', 'variantLogits'],
  inputs: {},
  outputs: { divergences: 'array<f32>', sameTop: 'array<f32>' },
  state: [
    'baseGreatest',
    'variantGreatest',
    'baseQuad',
    'variantQuad',
    'baseSum',
    'variantSum',
    'differenceSum',
  ],
  body,
});

/**
 * Compares two models' predictions row by row; both logits are [rows, vocabulary].
 * @returns `kl`: KL(base ‖ variant) in nats, [rows]; `sameTop`: 1 where both rank the same token first, else 0, [rows]
 */
export function divergence(
  base: tf.Tensor2D,
  variant: tf.Tensor2D,
): { kl: tf.Tensor1D; sameTop: tf.Tensor1D } {
  const [rows] = base.shape;
  const { divergences, sameTop } = reduceRows({
    logits: { baseLogits: base, variantLogits: variant },
    inputs: {},
    outputs: { divergences: [rows], sameTop: [rows] },
  });
  return { kl: divergences, sameTop };
}
