import * as tf from '@tensorflow/tfjs';
import { blockName, WORD_EMBEDDINGS } from '../architectures/bert-layout';
import type { BlockStructure } from '../structure';
import type { DifferentiableArchitecture } from './differentiable-architecture';
import { activate, affine, attend, type BlockInputs, gateNeurons, normalize } from './differentiable-layers';
import type { DifferentiableWeights } from './differentiable-weights';

/** BERT with its masked-language-model head or its classifier; what `architectures/bert.ts` computes by kernels. */
export const bert: DifferentiableArchitecture = {
  isCausal: false,

  embed(weights, { ids, batch, length, tokenTypes }) {
    const tokens = weights.linear(WORD_EMBEDDINGS).rows(tf.tensor1d(ids, 'int32'));
    const positions = tf.slice(
      weights.vector('bert.embeddings.position_embeddings.weight'),
      [0, 0],
      [length, -1],
    );
    const types = tf.gather(
      weights.vector('bert.embeddings.token_type_embeddings.weight'),
      tf.tensor1d(tokenTypes ?? new Int32Array(ids.length), 'int32'),
    );
    const sum = tf.add(tf.add(tokens, tf.tile(positions, [batch, 1])), types);
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
  const role = (module: string) => affine(weights, `${name}.self.${module}`, x);
  const mixed = attend(weights.config, [role('query'), role('key'), role('value')], index, inputs);
  return affine(weights, `${name}.output.dense`, mixed);
}

function feedForward(
  weights: DifferentiableWeights,
  { index }: BlockStructure,
  x: tf.Tensor2D,
  inputs: BlockInputs,
): tf.Tensor2D {
  const name = blockName(index);
  const hidden = activate(affine(weights, `${name}.intermediate.dense`, x), weights.config.activation);
  return affine(weights, `${name}.output.dense`, gateNeurons(hidden, index, inputs));
}

function maskedHead(weights: DifferentiableWeights, hidden: tf.Tensor2D): tf.Tensor2D {
  const name = 'cls.predictions.transform';
  const transformed = activate(affine(weights, `${name}.dense`, hidden), weights.config.activation);
  const decoder = weights.config.hasOwnHead ? 'cls.predictions.decoder' : WORD_EMBEDDINGS;
  const scores = weights.linear(decoder).matmul(normalize(weights, transformed, `${name}.LayerNorm`));
  return tf.add(scores, weights.vector('cls.predictions.bias'));
}

function classifier(weights: DifferentiableWeights, hidden: tf.Tensor2D, batch: number): tf.Tensor2D {
  const [tokens, width] = hidden.shape;
  const sequences = tf.reshape(hidden, [batch, tokens / batch, width]);
  const first: tf.Tensor2D = tf.reshape(tf.slice(sequences, [0, 0, 0], [batch, 1, width]), [batch, width]);
  return affine(weights, 'classifier', tf.tanh(affine(weights, 'bert.pooler.dense', first)));
}
