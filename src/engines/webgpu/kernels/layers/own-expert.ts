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
    /** Columns per expert. */
    size: 'u32',
  },
  body,
});

/**
 * Keeps the columns of each row's expert and sets the rest to zero: [rows, experts · size] → the same shape.
 * @param x columns grouped by expert
 * @param experts [rows] int32: expert of each row
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
