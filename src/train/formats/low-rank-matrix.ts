import type * as tf from '@tensorflow/tfjs';
import { product, swapMiddle } from '../../model/gradients/kernel-gradients';
import type { TrainableFormat } from '../trainable-format';
import { FactorizedMatrix } from './factorized-matrix';

/** left [out, rank] · right [rank, in] → [out, in]. */
export function productOfFactors(left: tf.Tensor2D, right: tf.Tensor2D): tf.Tensor2D {
  const [rank, inputs] = right.shape;
  const transposed = swapMiddle(right, [1, rank, inputs, 1], [inputs, rank]) as tf.Tensor2D;
  return product(left, transposed);
}

export const lowRankFormat: TrainableFormat = {
  id: 'low-rank',
  of: (weight, name, trainFactor) =>
    FactorizedMatrix.of(weight, name, trainFactor, ([left, right]) => productOfFactors(left, right)),
};
