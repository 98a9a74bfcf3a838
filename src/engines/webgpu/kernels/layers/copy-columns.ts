import type * as tf from '@tensorflow/tfjs';
import { runKernel } from '../../run-kernel';
import { elementKernel, workgroupsOf } from '../wgsl/element-kernel';
import source from './copy-columns.wgsl?raw';

const KERNEL = elementKernel({ name: 'copy-columns', source });

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
  const elements = from.shape[0] * columns;
  runKernel(KERNEL, {
    inputs: [from],
    outputs: [destination],
    uniforms: [elements, columns, from.shape[1], sourceColumn, columns, destinationRow],
    workgroups: workgroupsOf(elements),
  });
}
