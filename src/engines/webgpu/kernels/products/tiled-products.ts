import type * as tf from '@tensorflow/tfjs';
import { currentGpu } from '../../device';
import { type Kernel, runKernel } from '../../run-kernel';
import { foldWorkgroups } from '../wgsl/fold-workgroups';
import { kernelMemo } from '../wgsl/kernel-memo';
import { kernelProfile } from '../wgsl/kernel-profile';
import { quadProductsSource, type Triangle } from '../wgsl/quad-products';
import source from './tiled-products.wgsl?raw';

/** A batch of matrices, either of which may be taken transposed. */
export interface MatrixBatch {
  /** [batch, rows, columns] */
  readonly values: tf.Tensor3D;
  readonly isTransposed?: boolean;
}

const KERNEL: Kernel = { name: 'tiled-products', source };

/** Rows and columns that an invocation makes. */
interface Tile {
  readonly rows: number;
  readonly columns: number;
}

/** Software adapters pay for reads, which a larger tile has fewer of; GPUs want many invocations, with few registers each. */
const TILES = {
  software: { rows: 8, columns: 8 },
  hardware: { rows: 4, columns: 4 },
} as const;

const remember = kernelMemo();

/**
 * Products of many pairs of matrices of one size: [batch, m, k] · [batch, k, n] → [batch, m, n].
 * @param triangle what need not be computed; of a `lower result`, elements above the diagonal may hold anything
 */
export function tiledProducts(left: MatrixBatch, right: MatrixBatch, triangle?: Triangle): tf.Tensor3D {
  const [batch, rows, terms] = sizesOf(left);
  const [, ofRight, columns] = sizesOf(right);
  if (ofRight !== terms) throw new Error(`Matrices of ${terms} columns and ${ofRight} rows have no product.`);
  const [leftRow, leftTerm] = stridesOf(left);
  const [rightTerm, rightColumn] = stridesOf(right);
  const launch = (kernel: Kernel, uniforms: number[], tile: Tile) => {
    const tiles = batch * Math.ceil(rows / tile.rows) * Math.ceil(columns / tile.columns);
    const limit = currentGpu().device.limits.maxComputeWorkgroupsPerDimension;
    const [y] = runKernel(kernel, {
      inputs: [left.values, right.values],
      outputs: [{ shape: [batch, rows, columns], dtype: 'float32' }],
      uniforms,
      workgroups: foldWorkgroups(Math.ceil(tiles / 64), limit),
    });
    return y as tf.Tensor3D;
  };
  const inQuads = [columns, terms, ...(left.isTransposed ? [rows] : [])].every((size) => size % 4 === 0);
  if (inQuads) {
    const tile = TILES[kernelProfile().name];
    const uniforms = [batch, rows, columns / 4, terms / 4, Math.floor(rows / 4)];
    return launch(quadKernel(left, right, tile, triangle), uniforms, tile);
  }
  const strides = [rows * terms, leftRow, leftTerm, terms * columns, rightTerm, rightColumn];
  return launch(KERNEL, [batch, rows, columns, terms, ...strides], TILES.hardware);
}

function quadKernel(
  left: MatrixBatch,
  right: MatrixBatch,
  { rows, columns }: Tile,
  triangle: Triangle | undefined,
): Kernel {
  const [isLeftTransposed, isRightTransposed] = [left, right].map((side) => side.isTransposed ?? false);
  return remember(`${isLeftTransposed} ${isRightTransposed} ${rows} ${triangle}`, () => ({
    name: 'quad-products',
    source: quadProductsSource({ isLeftTransposed, isRightTransposed, rows, quads: columns / 4, triangle }),
  }));
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
