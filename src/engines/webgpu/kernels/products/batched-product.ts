import type * as tf from '@tensorflow/tfjs';
import { runKernel } from '../../run-kernel';
import { elementKernel, workgroupsOf } from '../wgsl/element-kernel';
import source from './batched-product.wgsl?raw';

/** y[b, m, (j, r)] = Σ_k left[b, m, k] · right[b, k, (j, r)]; every stride counts float32 elements. */
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

const KERNEL = elementKernel({ name: 'batched-product', source });

/** Products of small matrices, one pair for each member of the batch: → [batch, rows·columns]. */
export function batchedProduct(left: tf.Tensor, right: tf.Tensor, product: BatchedProduct): tf.Tensor2D {
  const { batch, rows, terms, columns } = product;
  const width = rows * columns.outer * columns.inner;
  const [y] = runKernel(KERNEL, {
    inputs: [left, right],
    outputs: [{ shape: [batch, width], dtype: 'float32' }],
    uniforms: [
      batch * width,
      rows,
      terms,
      columns.outer,
      columns.inner,
      product.left.batch,
      product.left.row,
      product.left.term,
      product.right.batch,
      product.right.term,
      product.right.outer,
      product.right.inner,
    ],
    workgroups: workgroupsOf(batch * width),
  });
  return y as tf.Tensor2D;
}
