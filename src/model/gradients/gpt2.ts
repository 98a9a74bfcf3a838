import * as tf from '@tensorflow/tfjs';
import { blockName } from '../families/gpt2-layout';
import type { TokenBatch } from '../model';
import type { BlockStructure } from '../structure';
import type { DifferentiableFamily } from './differentiable-family';
import {
  activate,
  affine,
  attend,
  type BlockInputs,
  byHead,
  gateNeurons,
  normalize,
} from './differentiable-layers';
import type { DifferentiableWeights } from './differentiable-weights';
import { addPositions } from './embeddings';
import { feedForwardOfExperts } from './experts';

/** GPT-2 with its language-model head; differentiable counterpart of `families/gpt2.ts`. */
export const gpt2: DifferentiableFamily = {
  isCausal: true,

  embed(weights, { ids, length }: TokenBatch) {
    const tokens = weights.linear('transformer.wte').rows(ids);
    return addPositions(tokens, weights.vector('transformer.wpe.weight'), length);
  },

  block(weights, structure, x, inputs) {
    const attended = structure.hasAttention ? attention(weights, structure, x, inputs) : x;
    return structure.hasFeedForward ? feedForward(weights, structure, attended, inputs) : attended;
  },

  logits(weights, hidden) {
    const head = weights.config.hasOwnHead ? 'lm_head' : 'transformer.wte';
    return weights.linear(head).matmul(normalize(weights, hidden, 'transformer.ln_f'));
  },
};

function attention(
  weights: DifferentiableWeights,
  { index }: BlockStructure,
  x: tf.Tensor2D,
  inputs: BlockInputs,
): tf.Tensor2D {
  const name = blockName(index);
  const qkv = affine(weights, `${name}.attn.c_attn`, normalize(weights, x, `${name}.ln_1`));
  const mixed = attend(byHead(weights.config, qkv, 3, inputs), index, inputs);
  return tf.add(x, affine(weights, `${name}.attn.c_proj`, mixed));
}

function feedForward(
  weights: DifferentiableWeights,
  { index, mixture }: BlockStructure,
  x: tf.Tensor2D,
  inputs: BlockInputs,
): tf.Tensor2D {
  const name = blockName(index);
  const [up, down] = [`${name}.mlp.c_fc`, `${name}.mlp.c_proj`];
  const normed = normalize(weights, x, `${name}.ln_2`);
  if (mixture)
    return tf.add(x, feedForwardOfExperts(weights, { up, down }, { mixture, block: index }, normed, inputs));
  const before = affine(weights, up, normed);
  const hidden = gateNeurons(activate(before, weights.config.activation), index, inputs);
  return tf.add(x, affine(weights, down, hidden));
}
