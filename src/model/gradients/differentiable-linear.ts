import type * as tf from '@tensorflow/tfjs';
import { lookUpRows } from './embeddings';
import { affineProduct, product } from './kernel-gradients';

/** A matrix as a differentiable forward pass uses it: everything is an op that tfjs's tape sees. */
export interface DifferentiableLinear {
  /** [out, in], for ops of their own. */
  readonly matrix: tf.Tensor2D;
  /** x Wᵀ: [tokens, in] → [tokens, out] */
  matmul(x: tf.Tensor2D): tf.Tensor2D;
  /** x Wᵀ + b. @param bias [out] */
  affine(x: tf.Tensor2D, bias: tf.Tensor): tf.Tensor2D;
  /** Rows by index, [ids] → [ids, in]. @throws Error where an index is not a row's */
  rows(ids: Int32Array): tf.Tensor2D;
}

/** A dense matrix, [out, in], as such. The tensor may be one that the tape made. */
export function linearOf(matrix: tf.Tensor2D): DifferentiableLinear {
  return {
    matrix,
    matmul: (x) => product(x, matrix),
    affine: (x, bias) => affineProduct(x, matrix, bias),
    rows: (ids) => lookUpRows(matrix, ids),
  };
}
