import * as tf from '@tensorflow/tfjs';
import { readFloats } from '../../engines/webgpu/transfer';
import { columnSums } from '../../engines/webgpu/kernels/products/column-sums';
import { transposed } from '../../engines/webgpu/kernels/contraction/swap-dimensions';
import { DenseParameters } from '../../model/gradients/differentiable-weights';
import { weightGradients } from '../../model/gradients/gradients';
import type { TrainingBatch } from '../../model/gradients/sequence-losses';
import type { Model } from '../../model/model';

/** Module names of the matrices to and from the neurons of a block's feed-forward layer. */
export interface FeedForwardModules {
  readonly up: string;
  readonly down: string;
}

/**
 * Importance of each neuron to the loss: Σ over the sequences of |w · ∂L/∂w + v · ∂L/∂v|, where w is its row of the
 * first matrix and v its column of the second (Zuo et al. 2022, "MoEBERT", importance-guided adaptation).
 *
 * @param sequences one in each batch, with targets
 * @returns for each block the importances of its neurons, in order
 */
export async function neuronImportance(
  model: Model,
  sequences: readonly TrainingBatch[],
  blocks: ReadonlyMap<number, FeedForwardModules>,
  signal?: AbortSignal,
): Promise<Map<number, Float64Array>> {
  const parameters = await DenseParameters.of(model);
  const importance = new Map<number, Float64Array>();
  const modules = [...blocks.values()].flatMap(({ up, down }) => [up, down]);
  try {
    for (const sequence of sequences) {
      signal?.throwIfAborted();
      const { gradients, losses } = weightGradients(parameters, sequence, modules);
      try {
        for (const [block, { up, down }] of blocks) {
          const products = tf.tidy(() => {
            const times = (module: string) =>
              tf.mul<tf.Tensor2D>(parameters.matrices.get(module)!, gradients.get(module)!);
            const ofRows = columnSums(transposed(times(up)), 'sums');
            return tf.add<tf.Tensor1D>(ofRows, columnSums(times(down), 'sums'));
          });
          const values = await readFloats(products);
          products.dispose();
          const sum = importance.get(block) ?? new Float64Array(values.length);
          values.forEach((value, neuron) => (sum[neuron] += Math.abs(value)));
          importance.set(block, sum);
        }
      } finally {
        tf.dispose([...gradients.values(), losses]);
      }
    }
    return importance;
  } finally {
    parameters.dispose();
  }
}
