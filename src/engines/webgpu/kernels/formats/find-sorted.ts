import type * as tf from '@tensorflow/tfjs';
import { runKernel } from '../../run-kernel';
import { elementKernel, workgroupsOf } from '../wgsl/element-kernel';
import source from './find-sorted.wgsl?raw';

const KERNEL = elementKernel({ name: 'find-sorted', source }, 'uniforms.count');

/**
 * Looks ids [n] up among ascending keys [k], k ≥ 1.
 * @returns positions [n] int32, 0 for an id that is no key, and present [n, 1] float32, 1 or 0
 */
export function findSorted(
  ids: tf.Tensor1D,
  keys: tf.Tensor,
): { positions: tf.Tensor1D; present: tf.Tensor2D } {
  const [count] = ids.shape;
  const [positions, present] = runKernel(KERNEL, {
    inputs: [ids, keys],
    outputs: [
      { shape: [count], dtype: 'int32' },
      { shape: [count, 1], dtype: 'float32' },
    ],
    uniforms: [count, keys.size],
    workgroups: workgroupsOf(count),
  });
  return { positions: positions as tf.Tensor1D, present: present as tf.Tensor2D };
}
