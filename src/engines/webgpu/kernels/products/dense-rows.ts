import type * as tf from '@tensorflow/tfjs';
import { currentGpu } from '../../device';
import { emptyTensor } from '../../transfer';
import { defineKernel } from '../../define-kernel';
import { foldWorkgroups } from '../wgsl/fold-workgroups';
import body from './dense-rows.wgsl?raw';

/** Block of consecutive rows of a matrix. */
export interface RowBlock {
  readonly values: tf.Tensor;
  readonly firstRow: number;
  readonly rows: number;
}

const KERNEL = defineKernel({
  name: 'dense-rows',
  inputs: { ids: 'array<i32>', w: 'array<f32>' },
  outputs: { y: 'array<f32>' },
  uniforms: { count: 'u32', width: 'u32', firstRow: 'i32', rows: 'i32' },
  body,
});

/** Looks up rows of a matrix that is stored in blocks of rows: ids [n] int32 → [n, width]. Every id must lie in a block. */
export function denseRows(ids: tf.Tensor1D, blocks: readonly RowBlock[], width: number): tf.Tensor2D {
  const [count] = ids.shape;
  const y = emptyTensor([count, width]);
  const limit = currentGpu().device.limits.maxComputeWorkgroupsPerDimension;
  const folded = foldWorkgroups(count, limit);
  for (const { values, firstRow, rows } of blocks) {
    KERNEL.run({
      inputs: { ids, w: values },
      outputs: { y },
      uniforms: { count, width, firstRow, rows },
      workgroups: [Math.ceil(width / 64), ...folded],
    });
  }
  return y;
}
