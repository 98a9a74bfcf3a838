import type * as tf from '@tensorflow/tfjs';

/**
 * Factors on a model's heads and neurons, 1 for ungated ones. The derivative of the loss at 1 measures the importance of each
 * (Michel et al. 2019, equation 2; McCarley et al. 2019, section 3).
 */
export interface Gates {
  /** By the block's number in the checkpoint, [batch, kept heads]: on each head's output before the output projection. */
  readonly heads?: ReadonlyMap<number, tf.Tensor2D>;
  /** [batch, kept neurons]: on each activation of the feed-forward layer. */
  readonly neurons?: ReadonlyMap<number, tf.Tensor2D>;
}
