import type * as tf from '@tensorflow/tfjs';
import { runKernel } from '../gpu/run-kernel';
import source from './argmax-rows.wgsl?raw';
import reduction from './row-reduction.wgsl?raw';

/** Index of the greatest value of each row, the lowest among equals: [rows, vocabulary] → [rows] int32. */
export function argmaxRows(logits: tf.Tensor2D): tf.Tensor1D {
  const [rows, vocabulary] = logits.shape;
  const [tops] = runKernel(
    { name: 'argmax-rows', source: reduction + source },
    {
      inputs: [logits],
      outputs: [{ shape: [rows], dtype: 'int32' }],
      uniforms: [vocabulary],
      workgroups: [rows],
    },
  );
  return tops as tf.Tensor1D;
}
