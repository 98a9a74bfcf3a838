import type * as tf from '@tensorflow/tfjs';
import { differentiableOp } from '../../engines/webgpu/differentiable-op';
import { columnSums } from '../../engines/webgpu/kernels/products/column-sums';
import { denseMatmul } from '../../engines/webgpu/kernels/products/dense-matmul';
import { swapDimensions, transposed } from '../../engines/webgpu/kernels/contraction/swap-dimensions';
import { transposedProduct } from '../../engines/webgpu/kernels/products/transposed-product';

/**
 * Lathe's kernels as differentiable ops. They replace tfjs's ops because they are many times as fast on software adapters.
 */

/** x Wᵀ, [tokens, in] by [out, in] → [tokens, out]. */
export function product(x: tf.Tensor2D, matrix: tf.Tensor2D): tf.Tensor2D {
  const [y] = differentiableOp(
    { x, matrix },
    (save) => {
      save([x, matrix]);
      return [denseMatmul(x, matrix, matrix.shape[0])];
    },
    ([change], saved) => productGradients(change as tf.Tensor2D, saved as tf.Tensor2D[]),
  );
  return y as tf.Tensor2D;
}

/** x Wᵀ + b, [tokens, in] by [out, in] → [tokens, out]. @param bias [out] */
export function affineProduct(x: tf.Tensor2D, matrix: tf.Tensor2D, bias: tf.Tensor): tf.Tensor2D {
  const [y] = differentiableOp(
    { x, matrix, bias },
    (save) => {
      save([x, matrix]);
      return [denseMatmul(x, matrix, matrix.shape[0], { bias })];
    },
    ([change], saved) => ({
      ...productGradients(change as tf.Tensor2D, saved as tf.Tensor2D[]),
      bias: () => columnSums(change as tf.Tensor2D, 'sums'),
    }),
  );
  return y as tf.Tensor2D;
}

/** dx = dy W and dW = dyᵀ x. */
function productGradients(change: tf.Tensor2D, [x, matrix]: readonly tf.Tensor2D[]) {
  return {
    // Transposing the matrix takes a hundredth of the product's time; x and dy with their many rows are not transposed.
    x: () => denseMatmul(change, transposed(matrix), matrix.shape[1]),
    matrix: () => transposedProduct(change, x),
  };
}

/** Swaps the middle two of four dimensions. @param sizes of `x`, regardless of its shape */
export function swapMiddle(
  x: tf.Tensor,
  sizes: readonly [number, number, number, number],
  shape: number[],
): tf.Tensor {
  const [i, j, k, l] = sizes;
  const [y] = differentiableOp(
    { x },
    () => [swapDimensions(x, sizes, shape)],
    ([change]) => ({ x: () => swapDimensions(change, [i, k, j, l], x.shape) }),
  );
  return y;
}
