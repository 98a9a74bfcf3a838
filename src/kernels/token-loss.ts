import type * as tf from '@tensorflow/tfjs';
import { runKernel } from '../gpu/run-kernel';
import reduction from './row-reduction.wgsl?raw';
import source from './token-loss.wgsl?raw';

/**
 * Negative log likelihood in nats of each row's target, numerically stable.
 * @param logits [rows, vocabulary]
 * @param targets [rows] int32; a negative target is not scored and gives 0
 * @returns [rows]
 */
export function tokenLoss(logits: tf.Tensor2D, targets: tf.Tensor1D): tf.Tensor1D {
  const [rows, vocabulary] = logits.shape;
  const [losses] = runKernel(
    { name: 'token-loss', source: reduction + source },
    {
      inputs: [logits, targets],
      outputs: [{ shape: [rows], dtype: 'float32' }],
      uniforms: [vocabulary],
      workgroups: [rows],
    },
  );
  return losses as tf.Tensor1D;
}
