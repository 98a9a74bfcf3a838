import type * as tf from '@tensorflow/tfjs';
import { differentiableOp } from '../../engines/webgpu/differentiable-op';
import { uploadTensor } from '../../engines/webgpu/transfer';
import { crossEntropyGradient, crossEntropyLosses } from '../../engines/webgpu/kernels/losses/cross-entropy';

/**
 * −log softmax(logits)[target] of each row; 0 for a row without a target.
 *
 * The closed form of its derivative, softmax − one-hot, lets the tape keep only the logits at their size.
 *
 * @param logits [rows, classes]
 * @param targets class of each row, negative for none
 * @returns [rows]
 */
export function crossEntropy(logits: tf.Tensor2D, targets: Int32Array): tf.Tensor1D {
  checkTargets(logits, targets);
  const [y] = differentiableOp(
    { logits },
    (save) => {
      const ids = uploadTensor(targets, [targets.length]) as tf.Tensor1D;
      const { losses, logPartitions } = crossEntropyLosses(logits, ids);
      save([logits, ids, logPartitions]);
      return [losses];
    },
    ([change], [logits, ids, logPartitions]) => ({
      logits: () =>
        crossEntropyGradient(
          logits as tf.Tensor2D,
          ids as tf.Tensor1D,
          logPartitions as tf.Tensor1D,
          change as tf.Tensor1D,
        ),
    }),
  );
  return y as tf.Tensor1D;
}

/** @throws Error if targets do not match the logits */
export function checkTargets({ shape: [rows, classes] }: tf.Tensor2D, targets: Int32Array): void {
  if (targets.length !== rows)
    throw new Error(`${targets.length} targets do not fit ${rows} rows of logits.`);
  const outside = targets.find((target) => target >= classes);
  if (outside !== undefined)
    throw new Error(`Target ${outside} is out of range; there are ${classes} classes.`);
}
