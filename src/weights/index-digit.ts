import * as tf from '@tensorflow/tfjs';

/**
 * One digit of an index in mixed radix: ⌊ids / below⌋ mod size, as int32.
 *
 * By division, product and difference of integers: the remainder of floats that tfjs's `mod` computes on the GPU may be
 * the divisor itself where WGSL's division falls short of a whole quotient by a rounding.
 */
export function indexDigit(ids: tf.Tensor1D, below: number, size?: number): tf.Tensor1D {
  return tf.tidy(() => {
    const quotient = below === 1 ? ids : ids.floorDiv(tf.scalar(below, 'int32'));
    if (size === undefined) return quotient.toInt() as tf.Tensor1D;
    const radix = tf.scalar(size, 'int32');
    return quotient.sub(quotient.floorDiv(radix).mul(radix)).toInt() as tf.Tensor1D;
  });
}
