import type * as tf from '@tensorflow/tfjs';
import { elementKernel, workgroupsOf } from '../wgsl/element-kernel';
import body from './batched-product.wgsl?raw';

/** y[b, m, (j, r)] = Σ_k left[b, m, k] · right[b, k, (j, r)]; all strides count float32 elements. */
export interface BatchedProduct {
  readonly batch: number;
  readonly rows: number;
  readonly terms: number;
  /** Columns are pairs (outer, inner). */
  readonly columns: { readonly outer: number; readonly inner: number };
  readonly left: { readonly batch: number; readonly row: number; readonly term: number };
  readonly right: {
    readonly batch: number;
    readonly term: number;
    readonly outer: number;
    readonly inner: number;
  };
}

const KERNEL = elementKernel({
  name: 'batched-product',
  inputs: { left: 'array<f32>', right: 'array<f32>' },
  outputs: { y: 'array<f32>' },
  uniforms: {
    elements: 'u32',
    rows: 'u32',
    terms: 'u32',
    outer: 'u32',
    inner: 'u32',
    leftBatch: 'u32',
    leftRow: 'u32',
    leftTerm: 'u32',
    rightBatch: 'u32',
    rightTerm: 'u32',
    rightOuter: 'u32',
    rightInner: 'u32',
  },
  body,
});

/** Products of small matrices, one pair for each index of the batch: → [batch, rows·columns]. */
export function batchedProduct(left: tf.Tensor, right: tf.Tensor, product: BatchedProduct): tf.Tensor2D {
  const { batch, rows, terms, columns } = product;
  const width = rows * columns.outer * columns.inner;
  return KERNEL.run({
    inputs: { left, right },
    outputs: { y: [batch, width] },
    uniforms: {
      elements: batch * width,
      rows,
      terms,
      outer: columns.outer,
      inner: columns.inner,
      leftBatch: product.left.batch,
      leftRow: product.left.row,
      leftTerm: product.left.term,
      rightBatch: product.right.batch,
      rightTerm: product.right.term,
      rightOuter: product.right.outer,
      rightInner: product.right.inner,
    },
    workgroups: workgroupsOf(batch * width),
  }).y;
}
