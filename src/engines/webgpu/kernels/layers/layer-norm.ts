import type * as tf from '@tensorflow/tfjs';
import { currentGpu } from '../../device';
import { float, type Kernel, runKernel } from '../../run-kernel';
import { foldWorkgroups } from '../wgsl/fold-workgroups';
import { kernelProfile } from '../wgsl/kernel-profile';
import subgroupSource from './layer-norm-subgroup.wgsl?raw';
import source from './layer-norm.wgsl?raw';

const PLAIN: Kernel = { name: 'layer-norm', source };
/** Kernels by the lanes of a subgroup. */
const bySubgroup = new Map<number, Kernel>();

/** Layer normalization (Ba et al. 2016) of each row: [rows, width] → [rows, width]. */
export function layerNorm(x: tf.Tensor2D, scale: tf.Tensor, shift: tf.Tensor, epsilon: number): tf.Tensor2D {
  const [rows, width] = x.shape;
  const [y] = runKernel(kernelFor(width), {
    inputs: [x, scale, shift],
    outputs: [{ shape: [rows, width], dtype: 'float32' }],
    uniforms: [rows, width, float(epsilon)],
    workgroups: foldWorkgroups(rows, currentGpu().device.limits.maxComputeWorkgroupsPerDimension),
  });
  return y as tf.Tensor2D;
}

function kernelFor(width: number): Kernel {
  const lanes = kernelProfile().subgroupLanes;
  if (!lanes || width % 4 !== 0) return PLAIN;
  let kernel = bySubgroup.get(lanes);
  if (!kernel) {
    kernel = {
      name: 'layer-norm-subgroup',
      source: `const LANES = ${lanes}u;\n${subgroupSource}`,
      enable: ['subgroups'],
    };
    bySubgroup.set(lanes, kernel);
  }
  return kernel;
}
