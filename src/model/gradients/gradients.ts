import * as tf from '@tensorflow/tfjs';
import { presentNeurons } from '../structure';
import type { DenseParameters } from './differentiable-weights';
import type { Gates } from './gates';
import { sequenceLosses, type TrainingBatch } from './sequence-losses';

/** Results of a backward pass. The caller disposes of the tensors. */
export interface Gradients<Key> {
  readonly gradients: ReadonlyMap<Key, tf.Tensor2D>;
  /** Loss of each sequence, [batch]. */
  readonly losses: tf.Tensor1D;
}

/**
 * Gradient of a batch's mean loss with respect to some of a model's matrices.
 * @param modules names of matrices that affect the loss
 * @returns gradient of each, [out, in]
 */
export function weightGradients(
  parameters: DenseParameters,
  batch: TrainingBatch,
  modules: readonly string[],
): Gradients<string> {
  const matrices = modules.map((module) => parameters.matrices.get(module)!);
  return gradientsBy(modules, matrices, batch.batch, 1 / batch.batch, () =>
    sequenceLosses(parameters, batch),
  );
}

/**
 * Gradient of each sequence's loss with respect to the gates of heads or neurons, at gates of 1.
 * @returns [batch, kept heads or neurons] for each block that has any, by its number in the checkpoint
 */
export function gateGradients(
  parameters: DenseParameters,
  batch: TrainingBatch,
  of: 'heads' | 'neurons',
): Gradients<number> {
  const { structure, heads, feedForwardWidth } = parameters.config;
  const counts = structure.blocks.flatMap((block): [number, number][] => {
    const { index, hasAttention, hasFeedForward, keptHeads } = block;
    if (of === 'heads') return hasAttention ? [[index, keptHeads?.length ?? heads]] : [];
    return hasFeedForward ? [[index, presentNeurons(block)?.length ?? feedForwardWidth]] : [];
  });
  const blocks = counts.map(([index]) => index);
  const ones = counts.map(([, count]) => tf.ones([batch.batch, count]) as tf.Tensor2D);
  const gates: Gates = { [of]: new Map(blocks.map((index, position) => [index, ones[position]])) };
  try {
    // Each sequence has separate gates, so the gradient of the sum holds the gradient of every sequence.
    return gradientsBy(blocks, ones, batch.batch, 1, () => sequenceLosses(parameters, batch, gates));
  } finally {
    tf.dispose(ones);
  }
}

/** @param weight of each sequence's loss in the differentiated sum */
function gradientsBy<Key>(
  keys: readonly Key[],
  tensors: tf.Tensor2D[],
  sequences: number,
  weight: number,
  losses: () => tf.Tensor1D,
): Gradients<Key> {
  const weights = tf.fill([sequences], weight) as tf.Tensor1D;
  try {
    const { value, grads } = tf.valueAndGrads(losses)(tensors, weights);
    const gradients = keys.map((key, index) => [key, grads[index] as tf.Tensor2D] as const);
    return { gradients: new Map(gradients), losses: value as tf.Tensor1D };
  } finally {
    weights.dispose();
  }
}
