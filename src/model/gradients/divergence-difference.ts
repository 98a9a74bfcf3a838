import type * as tf from '@tensorflow/tfjs';
import { differentiableOp } from '../../engines/webgpu/differentiable-op';
import {
  divergenceDifferenceGradient,
  divergenceDifferences,
} from '../../engines/webgpu/kernels/losses/divergence-difference';

/**
 * KL(teacher ‖ first) − KL(teacher ‖ second) of each row, all softened by a temperature. Only the teacher's logits receive a
 * gradient.
 *
 * @param teacher logits, [rows, classes]
 * @param first logits of a student, of the same shape; @param second those of another
 * @returns [rows]
 */
export function divergenceDifference(
  teacher: tf.Tensor2D,
  [first, second]: readonly [tf.Tensor2D, tf.Tensor2D],
  temperature: number,
): tf.Tensor1D {
  const [y] = differentiableOp(
    { teacher },
    (save) => {
      const { losses, moments } = divergenceDifferences([teacher, first, second], temperature);
      save([teacher, first, second, moments]);
      return [losses];
    },
    ([change], [teacher, first, second, moments]) => ({
      teacher: () =>
        divergenceDifferenceGradient(
          [teacher as tf.Tensor2D, first as tf.Tensor2D, second as tf.Tensor2D],
          moments as tf.Tensor2D,
          change as tf.Tensor1D,
          temperature,
        ),
    }),
  );
  return y as tf.Tensor1D;
}
