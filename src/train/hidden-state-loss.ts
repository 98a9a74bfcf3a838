import * as tf from '@tensorflow/tfjs';
import { columnSums } from '../engines/webgpu/kernels/products/column-sums';
import type { TokenBatch } from '../model/model';
import { tokenCount } from './batch-parts';

/**
 * Mean squared error of hidden states over all tokens except padding and over the width (Jiao et al. 2020, equations 8 and 9,
 * without the projection: student and teacher are equally wide). Differentiable in the student.
 *
 * @param student [batch·length, width]
 * @param teacher the same shape, constant
 */
export function hiddenStateLoss(student: tf.Tensor2D, teacher: tf.Tensor2D, batch: TokenBatch): tf.Scalar {
  const elements = tokenCount(batch) * student.shape[1];
  const loss = tf.customGrad((...[x, save]) => {
    const difference = withoutPadding(tf.sub(x as tf.Tensor2D, teacher), batch);
    (save as tf.GradSaveFunc)([difference]);
    return {
      value: tf.mul(tf.sum(columnSums(difference, 'squareSums')), 1 / elements),
      gradFunc: (dy: tf.Tensor, [difference]: tf.Tensor[]) => tf.mul(difference, tf.mul(dy, 2 / elements)),
    };
  });
  return loss(student) as tf.Scalar;
}

/** Sets padding rows to 0, because student and teacher may differ there. */
function withoutPadding(x: tf.Tensor2D, { batch, length, lengths }: TokenBatch): tf.Tensor2D {
  if (!lengths || lengths.every((count) => count === length)) return x;
  const real = new Float32Array(batch * length);
  lengths.forEach((count, sequence) => real.fill(1, sequence * length, sequence * length + count));
  return tf.mul(x, tf.tensor2d(real, [batch * length, 1]));
}
