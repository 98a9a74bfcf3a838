import type * as tf from '@tensorflow/tfjs';

/** Tensor types by rank. */
interface TensorsByRank {
  0: tf.Scalar;
  1: tf.Tensor1D;
  2: tf.Tensor2D;
  3: tf.Tensor3D;
  4: tf.Tensor4D;
}

/** Tensor type for a shape: a `[number, number]` gives a `Tensor2D`, a shape of unknown length a `Tensor`. */
export type TensorOf<Shape extends readonly number[]> = Shape['length'] extends keyof TensorsByRank
  ? TensorsByRank[Shape['length']]
  : tf.Tensor;
