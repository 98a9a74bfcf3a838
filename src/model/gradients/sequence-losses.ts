import * as tf from '@tensorflow/tfjs';
import { uploadTensor } from '../../engines/webgpu/transfer';
import { ModelError } from '../family';
import type { TokenBatch } from '../model';
import type { QueriesAndKeys } from '../queries-and-keys';
import type { SeenKeys } from './attention-divergence';
import { bert } from './bert';
import { crossEntropy } from './cross-entropy';
import type { DifferentiableFamily } from './differentiable-family';
import { keepTopWithGradient } from './differentiable-layers';
import type { DifferentiableWeights } from './differentiable-weights';
import type { Gates } from './gates';
import { gpt2 } from './gpt2';

const ARCHITECTURES: Readonly<Record<string, DifferentiableFamily>> = { gpt2, bert };

/** Sequences with training targets. */
export interface TrainingBatch extends TokenBatch {
  /** Class of each row of the logits (a label per sequence, a token per position); negative: none. */
  readonly targets: Int32Array;
}

/**
 * Differentiable logits, equal to those of `Model.logits`. Call within `tf.tidy` or tfjs's gradient functions.
 *
 * @param gates factors on heads and neurons; absent: none
 * @throws ModelError for a family without a differentiable forward pass
 */
export function differentiableLogits(
  weights: DifferentiableWeights,
  batch: TokenBatch,
  gates: Gates = {},
): tf.Tensor2D {
  return differentiableOutputs(weights, batch, gates).logits;
}

/** Logits and intermediate results of a forward pass. */
export interface DifferentiableOutputs {
  readonly logits: tf.Tensor2D;
  /** [batch·length, width]: the input of the first block, then the output of each block, in the structure's order. */
  readonly hiddenStates: readonly tf.Tensor2D[];
  /** Queries and keys by the block's number in the checkpoint, and the visible keys. */
  readonly attention: SeenKeys & { readonly blocks: ReadonlyMap<number, QueriesAndKeys> };
}

/**
 * Differentiable logits, hidden states, queries and keys.
 * @throws ModelError for a family without a differentiable forward pass
 */
export function differentiableOutputs(
  weights: DifferentiableWeights,
  batch: TokenBatch,
  gates: Gates = {},
): DifferentiableOutputs {
  const { config } = weights;
  const architecture = ARCHITECTURES[config.modelType];
  if (!architecture) {
    throw new ModelError(
      `Gradients of a ${config.modelType} model are not implemented; use one of ${Object.keys(ARCHITECTURES).join(', ')}.`,
    );
  }
  const lengths = batch.lengths ?? Array<number>(batch.batch).fill(batch.length);
  const seen = {
    keyCounts: uploadTensor(Int32Array.from(lengths), [batch.batch]),
    causal: architecture.isCausal,
  };
  const blocks = new Map<number, QueriesAndKeys>();
  const inputs = {
    batch: batch.batch,
    length: batch.length,
    ids: batch.ids,
    ...seen,
    gates,
    observeAttention: (block: number, tensors: QueriesAndKeys) => void blocks.set(block, tensors),
  };
  const hiddenStates = [architecture.embed(weights, batch)];
  for (const [position, structure] of config.structure.blocks.entries()) {
    const output = architecture.block(weights, structure, hiddenStates[position], inputs);
    hiddenStates.push(keepTopWithGradient(config, position, output));
  }
  const logits = architecture.logits(weights, hiddenStates.at(-1)!, batch.batch);
  return { logits, hiddenStates, attention: { ...seen, blocks } };
}

/**
 * Mean cross-entropy over the targets of each sequence, as transformers' models compute it for a batch of one.
 * @returns [batch]
 */
export function sequenceLosses(
  weights: DifferentiableWeights,
  batch: TrainingBatch,
  gates: Gates = {},
): tf.Tensor1D {
  const { targets } = batch;
  const losses = crossEntropy(differentiableLogits(weights, batch, gates), targets);
  const rows = targets.length / batch.batch;
  const shares = new Float32Array(targets.length);
  for (let start = 0; start < targets.length; start += rows) {
    const count = targets.subarray(start, start + rows).filter((target) => target >= 0).length;
    shares.fill(1 / Math.max(1, count), start, start + rows);
  }
  return tf.sum(tf.reshape(tf.mul(losses, tf.tensor1d(shares)), [batch.batch, rows]), 1);
}
