import type * as tf from '@tensorflow/tfjs';
import { elementKernel, workgroupsOf } from '../wgsl/element-kernel';
import body from './look-up-ids.wgsl?raw';

const KERNEL = elementKernel({
  name: 'look-up-ids',
  inputs: { ids: 'array<i32>', table: 'array<i32>' },
  outputs: { y: 'array<i32>' },
  uniforms: { elements: 'u32' },
  body,
});

/** Looks up each id in a table, all int32: ids [n], table [number of ids] → [n]. */
export function lookUpIds(ids: tf.Tensor1D, table: tf.Tensor1D): tf.Tensor1D {
  return KERNEL.run({
    inputs: { ids, table },
    outputs: { y: ids.shape },
    uniforms: { elements: ids.size },
    workgroups: workgroupsOf(ids.size),
  }).y;
}
