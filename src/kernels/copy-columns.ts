import type * as tf from '@tensorflow/tfjs';
import { runKernel } from '../gpu/run-kernel';
import source from './copy-columns.wgsl?raw';

/**
 * Copies columns `sourceColumn` to `sourceColumn + destination width` of every row of `from` into `destination`, from row
 * `destinationRow` on; how keys and values enter a cache.
 */
export function copyColumns(
  from: tf.Tensor2D,
  sourceColumn: number,
  destination: tf.Tensor2D,
  destinationRow: number,
): void {
  const columns = destination.shape[1];
  runKernel(
    { name: 'copy-columns', source },
    {
      inputs: [from],
      outputs: [destination],
      uniforms: [columns, from.shape[1], sourceColumn, columns, destinationRow],
      workgroups: [Math.ceil(columns / 64), from.shape[0]],
    },
  );
}
