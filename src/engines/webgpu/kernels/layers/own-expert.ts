import type * as tf from '@tensorflow/tfjs';
import { elementKernel, workgroupsOf } from '../wgsl/element-kernel';
import body from './own-expert.wgsl?raw';

const KERNEL = elementKernel({
  name: 'own-expert',
  inputs: { x: 'array<f32>', experts: 'array<i32>' },
  outputs: { y: 'array<f32>' },
  uniforms: {
    elements: 'u32',
    width: 'u32',
    /** Columns of one expert. */
    size: 'u32',
  },
  body,
});

/**
 * Leaves of each row what its expert computed and makes the rest zero: [rows, experts · size] → the same shape.
 * @param x the columns of one expert after those of another
 * @param experts [rows] int32: of each row its expert
 */
export function ownExpertColumns(x: tf.Tensor2D, experts: tf.Tensor1D, size: number): tf.Tensor2D {
  const [rows, width] = x.shape;
  return KERNEL.run({
    inputs: { x, experts },
    outputs: { y: x.shape },
    uniforms: { elements: rows * width, width, size },
    workgroups: workgroupsOf(rows * width),
  }).y;
}
