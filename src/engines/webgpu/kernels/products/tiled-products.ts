import type * as tf from '@tensorflow/tfjs';
import { currentGpu } from '../../device';
import { defineKernel } from '../../define-kernel';
import { kernelFamily } from '../../kernel-family';
import { foldWorkgroups } from '../wgsl/fold-workgroups';
import { kernelProfile } from '../wgsl/kernel-profile';
import { type QuadProducts, quadProductsKernel, type Triangle } from './quad-products';
import body from './tiled-products.wgsl?raw';

/** Batch of matrices, optionally transposed. */
export interface MatrixBatch {
  /** [batch, rows, columns] */
  readonly values: tf.Tensor3D;
  readonly isTransposed?: boolean;
}

const KERNEL = defineKernel({
  name: 'tiled-products',
  inputs: { left: 'array<f32>', right: 'array<f32>' },
  outputs: { y: 'array<f32>' },
  uniforms: {
    batch: 'u32',
    rows: 'u32',
    columns: 'u32',
    terms: 'u32',
    leftBatch: 'u32',
    leftRow: 'u32',
    leftTerm: 'u32',
    rightBatch: 'u32',
    rightTerm: 'u32',
    rightColumn: 'u32',
  },
  body,
});

/** Rows and columns per invocation. */
interface Tile {
  readonly rows: number;
  readonly columns: number;
}

/** Software adapters need few reads, hence larger tiles; GPUs need many invocations with few registers each. */
const TILES = {
  software: { rows: 8, columns: 8 },
  hardware: { rows: 4, columns: 4 },
} as const;

const quadKernel = kernelFamily((products: QuadProducts) => quadProductsKernel(products));

/**
 * Batched matrix products: [batch, m, k] · [batch, k, n] → [batch, m, n].
 * @param triangle part that need not be computed; for a `lower result`, elements above the diagonal are undefined
 */
export function tiledProducts(left: MatrixBatch, right: MatrixBatch, triangle?: Triangle): tf.Tensor3D {
  const [batch, rows, terms] = sizesOf(left);
  const [, rightRows, columns] = sizesOf(right);
  if (rightRows !== terms)
    throw new Error(`Matrices of ${terms} columns and ${rightRows} rows have no product.`);
  const [leftRow, leftTerm] = stridesOf(left);
  const [rightTerm, rightColumn] = stridesOf(right);
  const launch = (tile: Tile) => {
    const tiles = batch * Math.ceil(rows / tile.rows) * Math.ceil(columns / tile.columns);
    const limit = currentGpu().device.limits.maxComputeWorkgroupsPerDimension;
    return {
      inputs: { left: left.values, right: right.values },
      outputs: { y: [batch, rows, columns] },
      workgroups: foldWorkgroups(Math.ceil(tiles / 64), limit),
    } as const;
  };
  const inQuads = [columns, terms, ...(left.isTransposed ? [rows] : [])].every((size) => size % 4 === 0);
  if (inQuads) {
    const tile = TILES[kernelProfile().name];
    const kernel = quadKernel({
      isLeftTransposed: left.isTransposed ?? false,
      isRightTransposed: right.isTransposed ?? false,
      rows: tile.rows,
      quads: tile.columns / 4,
      triangle,
    });
    return kernel.run({
      ...launch(tile),
      uniforms: {
        batch,
        rows,
        columnQuads: columns / 4,
        termQuads: terms / 4,
        rowQuads: Math.floor(rows / 4),
      },
    }).y;
  }
  const ofLeft = { leftBatch: rows * terms, leftRow, leftTerm };
  const ofRight = { rightBatch: terms * columns, rightTerm, rightColumn };
  return KERNEL.run({
    ...launch(TILES.hardware),
    uniforms: { batch, rows, columns, terms, ...ofLeft, ...ofRight },
  }).y;
}

function sizesOf({ values, isTransposed }: MatrixBatch): [batch: number, rows: number, columns: number] {
  const [batch, rows, columns] = values.shape;
  return isTransposed ? [batch, columns, rows] : [batch, rows, columns];
}

/** Strides between rows and between columns. */
function stridesOf({ values, isTransposed }: MatrixBatch): [row: number, column: number] {
  const width = values.shape[2];
  return isTransposed ? [1, width] : [width, 1];
}
