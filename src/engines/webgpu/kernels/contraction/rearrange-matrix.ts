import type * as tf from '@tensorflow/tfjs';
import { elementKernel, workgroupsOf } from '../wgsl/element-kernel';
import body from './rearrange-matrix.wgsl?raw';

/** Source row and column, int32, of each row and column of the result; negative for zeros. */
export interface MatrixSources {
  readonly rows: tf.Tensor1D;
  readonly columns: tf.Tensor1D;
}

const KERNEL = elementKernel({
  name: 'rearrange-matrix',
  inputs: { x: 'array<f32>', rowSources: 'array<i32>', columnSources: 'array<i32>' },
  outputs: { y: 'array<f32>' },
  uniforms: { elements: 'u32', columns: 'u32', sourceColumns: 'u32' },
  body,
});

/** y[r, c] = x[rows[r], columns[c]], 0 if either is negative: → [rows.size, columns.size]. */
export function rearrangeMatrix(x: tf.Tensor2D, { rows, columns }: MatrixSources): tf.Tensor2D {
  const elements = rows.size * columns.size;
  return KERNEL.run({
    inputs: { x, rowSources: rows, columnSources: columns },
    outputs: { y: [rows.size, columns.size] },
    uniforms: { elements, columns: columns.size, sourceColumns: x.shape[1] },
    workgroups: workgroupsOf(elements),
  }).y;
}
