import type * as tf from '@tensorflow/tfjs';
import type { TokenBatch } from '../model';
import type { BlockStructure } from '../structure';
import type { BlockInputs } from './differentiable-layers';
import type { DifferentiableWeights } from './differentiable-weights';

/** Forward pass of a model family in ops that tfjs can differentiate: one file here, one line in `sequence-losses.ts`. */
export interface DifferentiableFamily {
  /** Whether a token only sees those before it. */
  readonly isCausal: boolean;
  /** Input of the first block: [batch·length, width]. */
  embed(weights: DifferentiableWeights, batch: TokenBatch): tf.Tensor2D;
  /** Runs one block, [batch·length, width] → the same shape. */
  block(
    weights: DifferentiableWeights,
    structure: BlockStructure,
    x: tf.Tensor2D,
    inputs: BlockInputs,
  ): tf.Tensor2D;
  /** Logits of the last block's outputs: of every row, or, for a classifier, [batch, labels]. */
  logits(weights: DifferentiableWeights, hidden: tf.Tensor2D, batch: number): tf.Tensor2D;
}
