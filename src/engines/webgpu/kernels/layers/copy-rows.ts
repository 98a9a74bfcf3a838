import type * as tf from '@tensorflow/tfjs';
import { elementKernel, workgroupsOf } from '../wgsl/element-kernel';
import body from './copy-rows.wgsl?raw';

const KERNEL = elementKernel({
  name: 'copy-rows',
  inputs: { x: 'array<f32>' },
  outputs: { y: 'array<f32>' },
  uniforms: { elements: 'u32', width: 'u32', step: 'u32', firstRow: 'u32' },
  body,
});

/** First row of each sequence: [batch·length, width] → [batch, width]. */
export function firstRows(x: tf.Tensor2D, batch: number): tf.Tensor2D {
  return copyRows(x, 0, batch, x.shape[0] / batch);
}

/** `count` consecutive rows from `start` on: [rows, width] → [count, width]. */
export function rowRange(x: tf.Tensor2D, start: number, count: number): tf.Tensor2D {
  return copyRows(x, start, count, 1);
}

function copyRows(x: tf.Tensor2D, firstRow: number, count: number, step: number): tf.Tensor2D {
  const width = x.shape[1];
  const elements = count * width;
  return KERNEL.run({
    inputs: { x },
    outputs: { y: [count, width] },
    uniforms: { elements, width, step, firstRow },
    workgroups: workgroupsOf(elements),
  }).y;
}
