import * as tf from '@tensorflow/tfjs';
import {
  type AttentionScores,
  attentionScoresGradient,
  attentionWeights,
} from '../../kernels/attention-weights';
import { denseMatmul } from '../../kernels/dense-matmul';
import { swapDimensions, transposed } from '../../kernels/swap-dimensions';
import { tiledProducts } from '../../kernels/tiled-products';

/**
 * Lathe's own kernels as ops that tfjs's tape knows the derivatives of. Where tfjs has an op of its own they stand for it
 * because they are many times as fast on software adapters.
 */

/**
 * x Wᵀ, [tokens, in] by [out, in] → [tokens, out].
 * @param isConstant nothing is differentiated by the matrix: tfjs would have its gradient made all the same
 */
export function product(x: tf.Tensor2D, matrix: tf.Tensor2D, isConstant: boolean): tf.Tensor2D {
  const [outputs, inputs] = matrix.shape;
  const multiply = (x: tf.Tensor2D) => denseMatmul(x, matrix, outputs);
  const byInputs = (dy: tf.Tensor2D, matrix: tf.Tensor2D) => denseMatmul(dy, transposed(matrix), inputs);
  if (isConstant) {
    const op = tf.customGrad((...[x]) => ({
      value: multiply(x as tf.Tensor2D),
      gradFunc: (dy: tf.Tensor) => byInputs(dy as tf.Tensor2D, matrix),
    }));
    return op(x) as tf.Tensor2D;
  }
  const op = tf.customGrad((...[x, , save]) => {
    // The matrix, too: one that was made of factors on the way is gone by the backward pass unless the tape keeps it.
    (save as tf.GradSaveFunc)([x as tf.Tensor, matrix]);
    return {
      value: multiply(x as tf.Tensor2D),
      gradFunc: (dy: tf.Tensor, [x, matrix]: tf.Tensor[]) => [
        byInputs(dy as tf.Tensor2D, matrix as tf.Tensor2D),
        denseMatmul(transposed(dy as tf.Tensor2D), transposed(x as tf.Tensor2D), inputs),
      ],
    };
  });
  return op(x, matrix) as tf.Tensor2D;
}

/** Swaps the two middle ones of four dimensions. @param sizes of `x`, whatever its shape is */
export function swapMiddle(
  x: tf.Tensor,
  sizes: readonly [number, number, number, number],
  shape: number[],
): tf.Tensor {
  const [i, j, k, l] = sizes;
  const op = tf.customGrad((...[x]) => ({
    value: swapDimensions(x as tf.Tensor, sizes, shape),
    gradFunc: (dy: tf.Tensor) => swapDimensions(dy, [i, k, j, l], (x as tf.Tensor).shape),
  }));
  return op(x);
}

/**
 * softmax(scale · Q Kᵀ) V of each head, over the keys that a query sees.
 * @param query [batch·heads, length, headWidth], as `key`, `value` and the result
 */
export function attentionOfHeads(
  query: tf.Tensor3D,
  key: tf.Tensor3D,
  value: tf.Tensor3D,
  { keyCounts, ...options }: AttentionScores,
): tf.Tensor3D {
  const op = tf.customGrad((...args) => {
    const [query, key, value] = args as tf.Tensor3D[];
    const scores = tiledProducts({ values: query }, { values: key, isTransposed: true });
    const weights = attentionWeights(scores, { ...options, keyCounts });
    (args[3] as unknown as tf.GradSaveFunc)([query, key, value, weights, keyCounts]);
    return {
      value: tiledProducts({ values: weights }, { values: value }),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [query, key, value, weights] = saved as tf.Tensor3D[];
        const change = { values: dy as tf.Tensor3D };
        const ofWeights = tiledProducts(change, { values: value, isTransposed: true });
        const counts = saved[4] as tf.Tensor1D;
        const ofScores = attentionScoresGradient(weights, ofWeights, { ...options, keyCounts: counts });
        return [
          tiledProducts({ values: ofScores }, { values: key }),
          tiledProducts({ values: ofScores, isTransposed: true }, { values: query }),
          tiledProducts({ values: weights, isTransposed: true }, change),
        ];
      },
    };
  });
  return op(query, key, value) as tf.Tensor3D;
}
