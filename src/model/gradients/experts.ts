import type * as tf from '@tensorflow/tfjs';
import { differentiableOp } from '../../engines/webgpu/differentiable-op';
import { uploadTensor } from '../../engines/webgpu/transfer';
import { groupByExpert } from '../../engines/webgpu/kernels/products/expert-tiles';
import { ownExpertColumns } from '../../engines/webgpu/kernels/layers/own-expert';
import { expertsOf, expertSize, type Mixture } from '../structure';
import { activate, affine, type BlockInputs, gateNeurons } from './differentiable-layers';
import type { DifferentiableWeights } from './differentiable-weights';
import {
  affineOfExpertColumns,
  affineOfExpertRows,
  inOrderOfExperts,
  inOrderOfTokens,
} from './expert-products';

/**
 * Feed-forward layer of experts without its residual, [batch·length, width] → the same shape: each token is computed with its
 * expert only. With gates on neurons all experts are computed, and the results of others set to zero.
 * @param modules of the up and down projections
 * @param block number of the block in the checkpoint
 */
export function feedForwardOfExperts(
  weights: DifferentiableWeights,
  { up, down }: { readonly up: string; readonly down: string },
  { mixture, block }: { readonly mixture: Mixture; readonly block: number },
  x: tf.Tensor2D,
  inputs: BlockInputs,
): tf.Tensor2D {
  const { activation } = weights.config;
  if (inputs.gates.neurons) {
    const hidden = maskOtherExperts(activate(affine(weights, up, x), activation), mixture, inputs.ids);
    return affine(weights, down, gateNeurons(hidden, block, inputs));
  }
  const groups = groupByExpert(expertsOf(mixture, inputs.ids), mixture.experts);
  const [first, second] = [weights.linear(up).matrix, weights.linear(down).matrix];
  const ordered = inOrderOfExperts(x, groups);
  const before = affineOfExpertRows(ordered, first, weights.vector(`${up}.bias`), groups);
  const hidden = activate(before, activation);
  const output = affineOfExpertColumns(hidden, second, weights.vector(`${down}.bias`), groups);
  return inOrderOfTokens(output, groups);
}

/** Sets neurons of other experts to zero for each token: [batch·length, experts · size] → the same shape. */
function maskOtherExperts(hidden: tf.Tensor2D, mixture: Mixture, ids: Int32Array): tf.Tensor2D {
  const size = expertSize(mixture);
  const [y] = differentiableOp(
    { hidden },
    (save) => {
      const experts = uploadTensor(expertsOf(mixture, ids), [ids.length]);
      save([experts]);
      return [ownExpertColumns(hidden, experts, size)];
    },
    ([change], [experts]) => ({
      hidden: () => ownExpertColumns(change as tf.Tensor2D, experts as tf.Tensor1D, size),
    }),
  );
  return y as tf.Tensor2D;
}
