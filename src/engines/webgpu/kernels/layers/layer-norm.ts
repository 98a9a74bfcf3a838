import type * as tf from '@tensorflow/tfjs';
import { currentGpu } from '../../device';
import { type BufferType, defineKernel } from '../../define-kernel';
import { kernelFamily } from '../../kernel-family';
import { foldWorkgroups } from '../wgsl/fold-workgroups';
import { kernelProfile } from '../wgsl/kernel-profile';
import subgroupBody from './layer-norm-subgroup.wgsl?raw';
import body from './layer-norm.wgsl?raw';

/** Buffers and uniforms of both kernels. */
const interfaceOf = (type: BufferType) =>
  ({
    inputs: { x: type, scale: type, shift: type },
    outputs: { y: type },
    uniforms: { rows: 'u32', width: 'u32', epsilon: 'f32' },
  }) as const;

const PLAIN = defineKernel({ name: 'layer-norm', ...interfaceOf('array<f32>'), body });
const bySubgroup = kernelFamily(({ lanes }: { lanes: number }) =>
  defineKernel({
    name: 'layer-norm-subgroup',
    ...interfaceOf('array<vec4f>'),
    constants: { LANES: lanes },
    enable: ['subgroups'],
    body: subgroupBody,
  }),
);

/** Layer normalization (Ba et al. 2016) of each row: [rows, width] → [rows, width]. */
export function layerNorm(x: tf.Tensor2D, scale: tf.Tensor, shift: tf.Tensor, epsilon: number): tf.Tensor2D {
  const [rows, width] = x.shape;
  const lanes = kernelProfile().subgroupLanes;
  const kernel = lanes && width % 4 === 0 ? bySubgroup({ lanes }) : PLAIN;
  return kernel.run({
    inputs: { x, scale, shift },
    outputs: { y: x.shape },
    uniforms: { rows, width, epsilon },
    workgroups: foldWorkgroups(rows, currentGpu().device.limits.maxComputeWorkgroupsPerDimension),
  }).y;
}
