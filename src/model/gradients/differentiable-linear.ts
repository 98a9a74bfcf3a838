import type * as tf from '@tensorflow/tfjs';
import { lookUpRows } from './embeddings';
import { affineProduct, product } from './kernel-gradients';

/** Matrix of a differentiable forward pass; all its operations are on tfjs's tape. */
export interface DifferentiableLinear {
  /** [out, in], for other ops. */
  readonly matrix: tf.Tensor2D;
  /** x Wᵀ: [tokens, in] → [tokens, out] */
  matmul(x: tf.Tensor2D): tf.Tensor2D;
  /** x Wᵀ + b. @param bias [out] */
  affine(x: tf.Tensor2D, bias: tf.Tensor): tf.Tensor2D;
  /** Rows by index, [ids] → [ids, in]. @throws Error if an index is out of range */
  rows(ids: Int32Array): tf.Tensor2D;
}

/** Wraps a dense matrix, [out, in], which may be a tensor of the tape. */
export function linearOf(matrix: tf.Tensor2D): DifferentiableLinear {
  return {
    matrix,
    matmul: (x) => product(x, matrix),
    affine: (x, bias) => affineProduct(x, matrix, bias),
    rows: (ids) => lookUpRows(matrix, ids),
  };
}
