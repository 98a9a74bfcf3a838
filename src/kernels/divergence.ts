import type * as tf from '@tensorflow/tfjs';
import { runKernel } from '../gpu/run-kernel';
import source from './divergence.wgsl?raw';
import reduction from './row-reduction.wgsl?raw';

/**
 * Compares two models' predictions row by row; both logits are [rows, vocabulary].
 * @returns `kl`: KL(base ‖ variant) in nats, [rows]; `sameTop`: 1 where both rank the same token first, else 0, [rows]
 */
export function divergence(
  base: tf.Tensor2D,
  variant: tf.Tensor2D,
): { kl: tf.Tensor1D; sameTop: tf.Tensor1D } {
  const [rows, vocabulary] = base.shape;
  const [kl, sameTop] = runKernel(
    { name: 'divergence', source: reduction + source },
    {
      inputs: [base, variant],
      outputs: [
        { shape: [rows], dtype: 'float32' },
        { shape: [rows], dtype: 'float32' },
      ],
      uniforms: [vocabulary],
      workgroups: [rows],
    },
  );
  return { kl: kl as tf.Tensor1D, sameTop: sameTop as tf.Tensor1D };
}
