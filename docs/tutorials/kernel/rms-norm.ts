import type * as tf from '@tensorflow/tfjs';
import { defineKernel } from '../../../src/engines/webgpu/define-kernel';
import { currentGpu } from '../../../src/engines/webgpu/device';
import { foldWorkgroups } from '../../../src/engines/webgpu/kernels/wgsl/fold-workgroups';
import body from './rms-norm.wgsl?raw';

const RMS_NORM = defineKernel({
  name: 'rms-norm',
  inputs: { x: 'array<f32>', scale: 'array<f32>' },
  outputs: { y: 'array<f32>' },
  uniforms: { rows: 'u32', width: 'u32', epsilon: 'f32' },
  constants: { THREADS: 16 },
  body,
});

/**
 * Root mean square layer normalization of each row (Zhang and Sennrich 2019, equation 4): x / √(mean(x²) + ε) · scale.
 * @param x [rows, width]
 * @param scale [width]
 * @returns [rows, width], owned by the caller
 */
export function rmsNorm(x: tf.Tensor2D, scale: tf.Tensor, epsilon: number): tf.Tensor2D {
  const [rows, width] = x.shape;
  const { y } = RMS_NORM.run({
    inputs: { x, scale },
    outputs: { y: [rows, width] },
    uniforms: { rows, width, epsilon },
    workgroups: foldWorkgroups(rows, currentGpu().device.limits.maxComputeWorkgroupsPerDimension),
  });
  return y;
}
