import type * as tf from '@tensorflow/tfjs';
import { float, runKernel } from '../gpu/run-kernel';
import source from './layer-norm.wgsl?raw';

/** Layer normalization (Ba et al. 2016) of each row: [rows, width] → [rows, width]. */
export function layerNorm(x: tf.Tensor2D, scale: tf.Tensor, shift: tf.Tensor, epsilon: number): tf.Tensor2D {
  const [rows, width] = x.shape;
  const [y] = runKernel(
    { name: 'layer-norm', source },
    {
      inputs: [x, scale, shift],
      outputs: [{ shape: [rows, width], dtype: 'float32' }],
      uniforms: [width, float(epsilon)],
      workgroups: [rows],
    },
  );
  return y as tf.Tensor2D;
}
