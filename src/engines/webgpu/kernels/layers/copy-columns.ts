import type * as tf from '@tensorflow/tfjs';
import { elementKernel, workgroupsOf } from '../wgsl/element-kernel';
import body from './copy-columns.wgsl?raw';

const KERNEL = elementKernel({
  name: 'copy-columns',
  inputs: { source: 'array<f32>' },
  outputs: { destination: 'array<f32>' },
  uniforms: {
    elements: 'u32',
    columns: 'u32',
    sourceStride: 'u32',
    sourceColumn: 'u32',
    destinationStride: 'u32',
    destinationRow: 'u32',
  },
  body,
});

/**
 * Copies columns `sourceColumn` to `sourceColumn + destination width` of every row of `from` into `destination`, starting at
 * row `destinationRow`; appends keys and values to a cache.
 */
export function copyColumns(
  from: tf.Tensor2D,
  sourceColumn: number,
  destination: tf.Tensor2D,
  destinationRow: number,
): void {
  const columns = destination.shape[1];
  const elements = from.shape[0] * columns;
  KERNEL.run({
    inputs: { source: from },
    outputs: { destination },
    uniforms: {
      elements,
      columns,
      sourceStride: from.shape[1],
      sourceColumn,
      destinationStride: columns,
      destinationRow,
    },
    workgroups: workgroupsOf(elements),
  });
}
