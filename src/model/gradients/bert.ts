import * as tf from '@tensorflow/tfjs';
import { blockName, WORD_EMBEDDINGS } from '../families/bert-layout';
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
import { addPositions, lookUpRows } from './embeddings';
import { feedForwardOfExperts } from './experts';

/** BERT with its masked-language-model head or classifier; differentiable counterpart of `families/bert.ts`. */
export const bert: DifferentiableFamily = {
  isCausal: false,

  embed(weights, { ids, length, tokenTypes }) {
    const tokens = weights.linear(WORD_EMBEDDINGS).rows(ids);
    const positions = weights.vector('bert.embeddings.position_embeddings.weight');
    const types = weights.vector('bert.embeddings.token_type_embeddings.weight') as tf.Tensor2D;
    const typeEmbeddings = lookUpRows(types, tokenTypes ?? new Int32Array(ids.length));
    const sum = tf.add(addPositions(tokens, positions, length), typeEmbeddings);
    return normalize(weights, sum as tf.Tensor2D, 'bert.embeddings.LayerNorm');
  },

  block(weights, structure, x, inputs) {
    const name = blockName(structure.index);
    const attended = structure.hasAttention ? tf.add(x, attention(weights, structure, x, inputs)) : x;
    const middle = normalize(weights, attended as tf.Tensor2D, `${name}.attention.output.LayerNorm`);
    const output = structure.hasFeedForward
      ? tf.add(middle, feedForward(weights, structure, middle, inputs))
      : middle;
    return normalize(weights, output as tf.Tensor2D, `${name}.output.LayerNorm`);
  },

  logits(weights, hidden, batch) {
    return weights.config.task === 'masked-lm'
      ? maskedHead(weights, hidden)
      : classifier(weights, hidden, batch);
  },
};

function attention(
  weights: DifferentiableWeights,
  { index }: BlockStructure,
  x: tf.Tensor2D,
  inputs: BlockInputs,
): tf.Tensor2D {
  const name = `${blockName(index)}.attention`;
  const roles = ['query', 'key', 'value'].flatMap((role) =>
    byHead(weights.config, affine(weights, `${name}.self.${role}`, x), 1, inputs),
  );
  const mixed = attend(roles, index, inputs);
  return affine(weights, `${name}.output.dense`, mixed);
}

function feedForward(
  weights: DifferentiableWeights,
  { index, mixture }: BlockStructure,
  x: tf.Tensor2D,
  inputs: BlockInputs,
): tf.Tensor2D {
  const name = blockName(index);
  const [up, down] = [`${name}.intermediate.dense`, `${name}.output.dense`];
  if (mixture) return feedForwardOfExperts(weights, { up, down }, { mixture, block: index }, x, inputs);
  const hidden = activate(affine(weights, up, x), weights.config.activation);
  return affine(weights, down, gateNeurons(hidden, index, inputs));
}

function maskedHead(weights: DifferentiableWeights, hidden: tf.Tensor2D): tf.Tensor2D {
  const name = 'cls.predictions.transform';
  const transformed = activate(affine(weights, `${name}.dense`, hidden), weights.config.activation);
  const decoder = weights.config.hasOwnHead ? 'cls.predictions.decoder' : WORD_EMBEDDINGS;
  const normed = normalize(weights, transformed, `${name}.LayerNorm`);
  return weights.linear(decoder).affine(normed, weights.vector('cls.predictions.bias'));
}

function classifier(weights: DifferentiableWeights, hidden: tf.Tensor2D, batch: number): tf.Tensor2D {
  const length = hidden.shape[0] / batch;
  const first = lookUpRows(
    hidden,
    Int32Array.from({ length: batch }, (_, sequence) => sequence * length),
  );
  const pooled = activate(affine(weights, 'bert.pooler.dense', first), 'tanh');
  return affine(weights, 'classifier', pooled);
}
