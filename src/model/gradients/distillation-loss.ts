import type * as tf from '@tensorflow/tfjs';
import { differentiableOp } from '../../engines/webgpu/differentiable-op';
import { uploadTensor } from '../../engines/webgpu/transfer';
import {
  type Distillation,
  distillationGradient,
  distillationLosses,
} from '../../engines/webgpu/kernels/losses/distillation';
import { checkTargets } from './cross-entropy';

/**
 * (1 − a) · cross-entropy + a · T² · KL(teacher ‖ student) of each row, the KL of predictions at temperature T (Hinton et al.
 * 2015, section 2); 0 in both parts for a row without a target. Only the student's logits receive a gradient.
 *
 * @param logits of the student, [rows, classes]
 * @param teacherLogits of the same shape
 * @param targets class of each row, negative for none
 * @returns [rows]
 */
export function distillationLoss(
  logits: tf.Tensor2D,
  teacherLogits: tf.Tensor2D,
  targets: Int32Array,
  options: Distillation,
): tf.Tensor1D {
  checkTargets(logits, targets);
  if (teacherLogits.shape[0] !== logits.shape[0] || teacherLogits.shape[1] !== logits.shape[1]) {
    throw new Error(
      `The teacher's logits, ${teacherLogits.shape.join('×')}, do not fit the student's, ${logits.shape.join('×')}.`,
    );
  }
  const [y] = differentiableOp(
    { logits },
    (save) => {
      const ids = uploadTensor(targets, [targets.length]) as tf.Tensor1D;
      const { losses, logPartitions } = distillationLosses(logits, teacherLogits, ids, options);
      save([logits, teacherLogits, ids, logPartitions]);
      return [losses];
    },
    ([change], [logits, teacher, ids, logPartitions]) => ({
      logits: () =>
        distillationGradient(
          logits as tf.Tensor2D,
          teacher as tf.Tensor2D,
          ids as tf.Tensor1D,
          logPartitions as tf.Tensor2D,
          change as tf.Tensor1D,
          options,
        ),
    }),
  );
  return y as tf.Tensor1D;
}
