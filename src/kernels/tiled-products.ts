import type * as tf from '@tensorflow/tfjs';
import { currentGpu } from '../gpu/device';
import { type Kernel, runKernel } from '../gpu/run-kernel';
import { foldWorkgroups } from './fold-workgroups';
import source from './tiled-products.wgsl?raw';

/** A batch of matrices, either of which may be taken transposed. */
export interface MatrixBatch {
  /** [batch, rows, columns] */
  readonly values: tf.Tensor3D;
  readonly isTransposed?: boolean;
}

const KERNEL: Kernel = { name: 'tiled-products', source };

/** Products of many pairs of matrices of one size: [batch, m, k] · [batch, k, n] → [batch, m, n]. */
export function tiledProducts(left: MatrixBatch, right: MatrixBatch): tf.Tensor3D {
  const [batch, rows, terms] = sizesOf(left);
  const [, ofRight, columns] = sizesOf(right);
  if (ofRight !== terms) throw new Error(`Matrices of ${terms} columns and ${ofRight} rows have no product.`);
  const [leftRow, leftTerm] = stridesOf(left);
  const [rightTerm, rightColumn] = stridesOf(right);
  const tiles = batch * Math.ceil(rows / 4) * Math.ceil(columns / 4);
  const [y] = runKernel(KERNEL, {
    inputs: [left.values, right.values],
    outputs: [{ shape: [batch, rows, columns], dtype: 'float32' }],
    uniforms: [
      ...[batch, rows, columns, terms],
      ...[rows * terms, leftRow, leftTerm],
      ...[terms * columns, rightTerm, rightColumn],
    ],
    workgroups: foldWorkgroups(
      Math.ceil(tiles / 64),
      currentGpu().device.limits.maxComputeWorkgroupsPerDimension,
    ),
  });
  return y as tf.Tensor3D;
}

function sizesOf({ values, isTransposed }: MatrixBatch): [batch: number, rows: number, columns: number] {
  const [batch, rows, columns] = values.shape;
  return isTransposed ? [batch, columns, rows] : [batch, rows, columns];
}

/** Elements from row to row and from column to column. */
function stridesOf({ values, isTransposed }: MatrixBatch): [row: number, column: number] {
  const width = values.shape[2];
  return isTransposed ? [1, width] : [width, 1];
}
