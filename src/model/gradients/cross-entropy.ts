import * as tf from '@tensorflow/tfjs';

/**
 * −log softmax(logits)[target] of each row; 0 for a row without a target.
 *
 * Its derivative, softmax − one-hot, is given in closed form: the tape then keeps the logits and nothing else of their size.
 *
 * @param logits [rows, classes]
 * @param targets class of each row, negative where it has none
 * @returns [rows]
 */
export function crossEntropy(logits: tf.Tensor2D, targets: Int32Array): tf.Tensor1D {
  const [rows, classes] = logits.shape;
  if (targets.length !== rows)
    throw new Error(`${targets.length} targets do not fit ${rows} rows of logits.`);
  // Made anew in the backward pass: by then the tape has let go of what it was not asked to keep.
  const ids = () => tf.tensor1d(targets, 'int32');
  const loss = tf.customGrad((...[scores, save]) => {
    const x = scores as tf.Tensor2D;
    const counts = tf.cast(tf.greaterEqual(ids(), 0), 'float32');
    const logPartition = tf.logSumExp(x, 1, true);
    (save as tf.GradSaveFunc)([x, logPartition, counts]);
    const picked = tf.sum(tf.mul(x, tf.oneHot(ids(), classes)), 1);
    return {
      value: tf.mul(tf.sub(tf.squeeze(logPartition, [1]), picked), counts),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [logits, normalizer, weights] = saved;
        const difference = tf.sub(tf.exp(tf.sub(logits, normalizer)), tf.oneHot(ids(), classes));
        return tf.mul(difference, tf.expandDims(tf.mul(dy, weights), 1));
      },
    };
  });
  return loss(logits) as tf.Tensor1D;
}
