import type * as tf from '@tensorflow/tfjs';
import { runKernel } from '../../run-kernel';
import { elementKernel, workgroupsOf } from '../wgsl/element-kernel';
import source from './rearrange-matrix.wgsl?raw';

/** Where each row and column of a result comes from, int32; a negative one holds zeros. */
export interface MatrixSources {
  readonly rows: tf.Tensor1D;
  readonly columns: tf.Tensor1D;
}

const KERNEL = elementKernel({ name: 'rearrange-matrix', source });

/** y[r, c] = x[rows[r], columns[c]], 0 where either is negative: → [rows.size, columns.size]. */
export function rearrangeMatrix(x: tf.Tensor2D, { rows, columns }: MatrixSources): tf.Tensor2D {
  const elements = rows.size * columns.size;
  const [y] = runKernel(KERNEL, {
    inputs: [x, rows, columns],
    outputs: [{ shape: [rows.size, columns.size], dtype: 'float32' }],
    uniforms: [elements, columns.size, x.shape[1]],
    workgroups: workgroupsOf(elements),
  });
  return y as tf.Tensor2D;
}
