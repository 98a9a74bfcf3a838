import type * as tf from '@tensorflow/tfjs';
import { runKernel } from '../gpu/run-kernel';
import source from './bias-activation.wgsl?raw';

/** `gelu` is the exact one (Hendrycks and Gimpel 2016, with erf), `gelu_new` its tanh approximation. */
export type Activation = 'none' | 'gelu' | 'gelu_new' | 'relu' | 'tanh';

const ACTIVATION_CODE: Readonly<Record<Activation, number>> = {
  none: 0,
  gelu: 1,
  gelu_new: 2,
  relu: 3,
  tanh: 4,
};

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
      source,
      constants: { ACTIVATION: ACTIVATION_CODE[activation], HAS_RESIDUAL: residual !== undefined },
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
