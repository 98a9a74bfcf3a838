import * as tf from '@tensorflow/tfjs';
import { differentiableOp } from '../../engines/webgpu/differentiable-op';
import { tiledProducts } from '../../engines/webgpu/kernels/products/tiled-products';
import type { RowTrains } from '../../engines/webgpu/kernels/formats/row-trains';
import type { TensorTrainRowsWeight } from '../../weights/formats/tensor-train-rows-weight';
import type { TrainableFormat } from '../trainable-format';
import { FactorizedMatrix } from './factorized-matrix';

/**
 * Contracts one tensor train per row, all rows at once: the partial product, [elements, rank], times the row's next core,
 * [rank, size·right].
 *
 * @param values [rows, values of a train], the cores of a row one after the other
 */
export function contractTrainsOfRows(values: tf.Tensor2D, { cores, width }: RowTrains): tf.Tensor2D {
  const [rows] = values.shape;
  const sizes = cores.map(({ left, size, right }) => left * size * right);
  const parts = tf.split(values, sizes, 1);
  let elements = 1;
  let partial: tf.Tensor | undefined;
  cores.forEach(({ left, size, right }, index) => {
    const core: tf.Tensor3D = tf.reshape(parts[index], [rows, left, size * right]);
    partial = partial ? batchedProduct(tf.reshape(partial, [rows, elements, left]), core) : core;
    elements *= size;
  });
  const whole: tf.Tensor2D = tf.reshape(partial!, [rows, elements]);
  return elements === width ? whole : tf.slice(whole, [0, 0], [rows, width]);
}

/** [batch, m, k] · [batch, k, n] → [batch, m, n]. */
function batchedProduct(left: tf.Tensor3D, right: tf.Tensor3D): tf.Tensor3D {
  const [y] = differentiableOp(
    { left, right },
    (save) => {
      save([left, right]);
      return [tiledProducts({ values: left }, { values: right })];
    },
    ([dy], saved) => {
      const [left, right] = saved as tf.Tensor3D[];
      const change = { values: dy as tf.Tensor3D };
      return {
        left: () => tiledProducts(change, { values: right, isTransposed: true }),
        right: () => tiledProducts({ values: left, isTransposed: true }, change),
      };
    },
  );
  return y as tf.Tensor3D;
}

export const tensorTrainRowsFormat: TrainableFormat = {
  id: 'tensor-train-rows',
  of(weight, name, trainFactor) {
    const { trains } = weight as TensorTrainRowsWeight;
    return FactorizedMatrix.of(weight, name, trainFactor, ([cores]) => contractTrainsOfRows(cores, trains));
  },
};
