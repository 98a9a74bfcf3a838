import * as tf from '@tensorflow/tfjs';
import { readFloats, uploadTensor } from '../engines/webgpu/transfer';
import type { TrainableMatrix } from '../train/trainable-matrix';

/** ½ Σ q (W − c)², with elements in row-major order. */
export interface MatrixLoss {
  readonly weights: ArrayLike<number>;
  readonly targets: ArrayLike<number>;
}

/** Loss and its gradient with respect to each parameter, from tfjs's tape. */
export async function lossAndGradients(
  matrix: TrainableMatrix,
  { weights, targets }: MatrixLoss,
): Promise<{ loss: number; gradients: Float32Array[] }> {
  const shape = [...matrix.shape];
  const [q, c] = [weights, targets].map((values) => uploadTensor(Float32Array.from(values), shape));
  const halved = () =>
    tf.mul(tf.sum(tf.mul(q, tf.square(tf.sub(matrix.dense(), c)))), 0.5) as unknown as tf.Scalar;
  const tensors = matrix.parameters.map(({ tensor }) => tensor);
  const { value, grads } = tf.valueAndGrads(halved as (...args: tf.Tensor[]) => tf.Tensor)(tensors);
  const [loss] = await readFloats(value);
  const gradients: Float32Array[] = [];
  for (const gradient of grads) gradients.push(await readFloats(gradient));
  tf.dispose([q, c, value, ...grads]);
  return { loss, gradients };
}

/**
 * The same gradients by central differences in float64. Each element of the matrix is linear in each parameter, so they are
 * exact up to rounding.
 */
export function differences(
  parameters: readonly Float64Array[],
  matrix: (parameters: readonly Float64Array[]) => ArrayLike<number>,
  { weights, targets }: MatrixLoss,
): Float64Array[] {
  const STEP = 1e-3;
  const loss = () => {
    const values = matrix(parameters);
    let total = 0;
    for (let index = 0; index < values.length; index++)
      total += (weights[index] * (values[index] - targets[index]) ** 2) / 2;
    return total;
  };
  return parameters.map((parameter) =>
    parameter.map((value, index) => {
      parameter[index] = value + STEP;
      const above = loss();
      parameter[index] = value - STEP;
      const below = loss();
      parameter[index] = value;
      return (above - below) / (2 * STEP);
    }),
  );
}
