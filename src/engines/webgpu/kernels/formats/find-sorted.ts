import type * as tf from '@tensorflow/tfjs';
import { elementKernel, workgroupsOf } from '../wgsl/element-kernel';
import body from './find-sorted.wgsl?raw';

const KERNEL = elementKernel(
  {
    name: 'find-sorted',
    inputs: { ids: 'array<i32>', keys: 'array<u32>' },
    outputs: { positions: 'array<i32>', present: 'array<f32>' },
    uniforms: { count: 'u32', keyCount: 'u32' },
    body,
  },
  'uniforms.count',
);

/**
 * Searches for ids [n] among ascending keys [k], k ≥ 1.
 * @returns positions [n] int32, 0 for an id that is not a key, and present [n, 1] float32, 1 or 0
 */
export function findSorted(
  ids: tf.Tensor1D,
  keys: tf.Tensor,
): { positions: tf.Tensor1D; present: tf.Tensor2D } {
  const [count] = ids.shape;
  return KERNEL.run({
    inputs: { ids, keys },
    outputs: { positions: [count], present: [count, 1] },
    uniforms: { count, keyCount: keys.size },
    workgroups: workgroupsOf(count),
  });
}
