import type * as tf from '@tensorflow/tfjs';
import type { TokenBatch } from '../model';
import type { BlockStructure } from '../structure';
import type { BlockInputs } from './differentiable-layers';
import type { DifferentiableWeights } from './differentiable-weights';

/** The forward pass of a model family in ops that tfjs can differentiate: one file here, one line in `sequence-losses.ts`. */
export interface DifferentiableFamily {
  /** Whether a token sees only those before it. */
  readonly isCausal: boolean;
  /** What the first block takes: [batch·length, width]. */
  embed(weights: DifferentiableWeights, batch: TokenBatch): tf.Tensor2D;
  /** One block, [batch·length, width] → the same shape. */
  block(
    weights: DifferentiableWeights,
    structure: BlockStructure,
    x: tf.Tensor2D,
    inputs: BlockInputs,
  ): tf.Tensor2D;
  /** Logits of the last block's outputs: of every row, or, of a classifier, [batch, labels]. */
  logits(weights: DifferentiableWeights, hidden: tf.Tensor2D, batch: number): tf.Tensor2D;
}
