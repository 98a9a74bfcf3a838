import * as tf from '@tensorflow/tfjs';
import { product, swapMiddle } from '../../model/gradients/kernel-gradients';
import type { CoreShape } from '../../weights/contraction-cost';
import type { TensorTrainWeight } from '../../weights/formats/tensor-train-weight';
import type { TrainableFormat } from '../trainable-format';
import { FactorizedMatrix } from './factorized-matrix';

/**
 * W[(i1 … id), (j1 … jd)] = G1[i1, j1] · … · Gd[id, jd] (Oseledets 2011), contracted core by core: the partial product,
 * [rows, columns, rank], times the next core, [rank, row, column, right].
 *
 * @param cores matrices [row·right, left·column], as `TensorTrainWeight` holds them
 */
export function contractCores(cores: readonly tf.Tensor2D[], shapes: readonly CoreShape[]): tf.Tensor2D {
  let [rows, columns] = [1, 1];
  let partial: tf.Tensor | undefined;
  shapes.forEach(({ left, row, column, right }, index) => {
    // [(i, r), (l, j)] as [(i, j, r), l]
    const core = swapMiddle(cores[index], [row, right * left, column, 1], [row * column * right, left]);
    if (!partial) {
      partial = core;
    } else {
      const partialRows: tf.Tensor2D = tf.reshape(partial, [rows * columns, left]);
      const products = product(partialRows, core as tf.Tensor2D); // [(rows, columns), (i, j, r)]
      partial = swapMiddle(products, [rows, columns, row, column * right], [products.size]);
    }
    rows *= row;
    columns *= column;
  });
  return tf.reshape(partial!, [rows, columns]);
}

export const tensorTrainFormat: TrainableFormat = {
  id: 'tensor-train',
  of(weight, name, trainFactor) {
    const { coreShapes } = weight as TensorTrainWeight;
    return FactorizedMatrix.of(weight, name, trainFactor, (cores) => contractCores(cores, coreShapes));
  },
};
