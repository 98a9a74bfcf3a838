import type * as tf from '@tensorflow/tfjs';
import { runKernel } from '../../run-kernel';
import { elementKernel, workgroupsOf } from '../wgsl/element-kernel';
import source from './look-up-ids.wgsl?raw';

const KERNEL = elementKernel({ name: 'look-up-ids', source });

/** What a table says of each id, all int32: ids [n], table [ids there are] → [n]. */
export function lookUpIds(ids: tf.Tensor1D, table: tf.Tensor1D): tf.Tensor1D {
  const [y] = runKernel(KERNEL, {
    inputs: [ids, table],
    outputs: [{ shape: ids.shape, dtype: 'int32' }],
    uniforms: [ids.size],
    workgroups: workgroupsOf(ids.size),
  });
  return y as tf.Tensor1D;
}
