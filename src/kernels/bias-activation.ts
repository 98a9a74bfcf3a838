import type * as tf from '@tensorflow/tfjs';
import { runKernel } from '../gpu/run-kernel';
import { type Activation, activationSource } from './activation';
import source from './bias-activation.wgsl?raw';

/** activation(x + bias) + residual: [rows, width] with bias [width] and an optional residual [rows, width]. */
export function biasActivation(
  x: tf.Tensor2D,
  bias: tf.Tensor,
  activation: Activation = 'none',
  residual?: tf.Tensor2D,
): tf.Tensor2D {
  const [rows, width] = x.shape;
  const [y] = runKernel(
    {
      name: 'bias-activation',
      source: `${activationSource(activation)}\n${source}`,
      constants: { HAS_RESIDUAL: residual !== undefined },
    },
    {
      inputs: [x, bias, residual ?? bias],
      outputs: [{ shape: x.shape, dtype: 'float32' }],
      uniforms: [width],
      workgroups: [Math.ceil(width / 64), rows],
    },
  );
  return y as tf.Tensor2D;
}
