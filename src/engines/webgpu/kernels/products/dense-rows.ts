import type * as tf from '@tensorflow/tfjs';
import { currentGpu } from '../../device';
import { emptyTensor } from '../../transfer';
import { int, runKernel } from '../../run-kernel';
import { foldWorkgroups } from '../wgsl/fold-workgroups';
import source from './dense-rows.wgsl?raw';

/** One block of consecutive rows of a matrix. */
export interface RowBlock {
  readonly values: tf.Tensor;
  readonly firstRow: number;
  readonly rows: number;
}

/** Rows of a matrix that is stored in blocks of rows: ids [n] int32 → [n, width]. Every id must lie in one block. */
export function denseRows(ids: tf.Tensor1D, blocks: readonly RowBlock[], width: number): tf.Tensor2D {
  const [count] = ids.shape;
  const y = emptyTensor([count, width]) as tf.Tensor2D;
  const limit = currentGpu().device.limits.maxComputeWorkgroupsPerDimension;
  const folded = foldWorkgroups(count, limit);
  for (const { values, firstRow, rows } of blocks) {
    runKernel(
      { name: 'dense-rows', source },
      {
        inputs: [ids, values],
        outputs: [y],
        uniforms: [count, width, int(firstRow), int(rows)],
        workgroups: [Math.ceil(width / 64), ...folded],
      },
    );
  }
  return y;
}
