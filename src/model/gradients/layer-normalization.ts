import type * as tf from '@tensorflow/tfjs';
import { differentiableOp } from '../../engines/webgpu/differentiable-op';
import { columnSums } from '../../engines/webgpu/kernels/products/column-sums';
import { layerNorm } from '../../engines/webgpu/kernels/layers/layer-norm';
import {
  layerNormInputGradient,
  layerNormScaleGradient,
  rowMoments,
} from '../../engines/webgpu/kernels/training/layer-norm-gradient';

/** Layer normalization (Ba et al. 2016) of each row, [rows, width]. @param scale [width], like `shift` */
export function layerNormalization(
  x: tf.Tensor2D,
  scale: tf.Tensor,
  shift: tf.Tensor,
  epsilon: number,
): tf.Tensor2D {
  const [y] = differentiableOp(
    { x, scale, shift },
    (save) => {
      save([x, scale]);
      return [layerNorm(x, scale, shift, epsilon)];
    },
    ([change], [input, scale]) => {
      const x = input as tf.Tensor2D;
      const dy = change as tf.Tensor2D;
      // Recomputing two values per row is cheaper than writing them in the forward kernel.
      const moments = rowMoments(x, epsilon);
      return {
        x: () => layerNormInputGradient(x, moments, scale, dy),
        scale: () => layerNormScaleGradient(x, moments, dy),
        shift: () => columnSums(dy, 'sums'),
      };
    },
  );
  return y as tf.Tensor2D;
}
