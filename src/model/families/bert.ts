import type * as tf from '@tensorflow/tfjs';
import { uploadTensor } from '../../engines/webgpu/transfer';
import type { Activation } from '../../engines/webgpu/kernels/wgsl/activation';
import { firstRows } from '../../engines/webgpu/kernels/layers/copy-rows';
import { type ModelFamily, ModelError, type ModelWeights, type SequenceShape } from '../family';
import {
  activationFunction,
  layerCount,
  positiveInteger,
  positiveNumber,
  refuseOptions,
  requireDivisible,
} from '../config-fields';
import { feedForwardOfExperts } from '../feed-forward-of-experts';
import type { Task } from '../model';
import { type BlockStructure, wholeStructure } from '../structure';
import { bertLayout, blockName, WORD_EMBEDDINGS } from './bert-layout';

/** BERT (Devlin et al. 2019), as transformers' BertForMaskedLM and BertForSequenceClassification. */
export const bert: ModelFamily = {
  modelType: 'bert',

  readConfig(json, tensorNames) {
    refuseOptions(json, {
      position_embedding_type: 'absolute',
      is_decoder: false,
      add_cross_attention: false,
    });
    const width = positiveInteger(json, 'hidden_size');
    const heads = positiveInteger(json, 'num_attention_heads');
    requireDivisible(width, heads);
    const task = taskOf(json, tensorNames);
    const layers = layerCount(json, 'num_hidden_layers');
    return {
      modelType: 'bert',
      task,
      vocabularySize: positiveInteger(json, 'vocab_size'),
      contextLength: positiveInteger(json, 'max_position_embeddings'),
      width,
      layers,
      heads,
      feedForwardWidth: positiveInteger(json, 'intermediate_size'),
      layerNormEpsilon: positiveNumber(json, 'layer_norm_eps', 1e-12),
      activation: activationFunction({ hidden_act: 'gelu', ...json }, 'hidden_act'),
      hasOwnHead: task === 'masked-lm' && json.tie_word_embeddings === false,
      tokenTypes: positiveInteger({ type_vocab_size: 2, ...json }, 'type_vocab_size'),
      labels: task === 'sequence-classification' ? labelsOf(json) : undefined,
      structure: wholeStructure(layers),
      source: {
        ...json,
        architectures: [task === 'masked-lm' ? 'BertForMaskedLM' : 'BertForSequenceClassification'],
      },
    };
  },

  canonicalName(tensor) {
    const prefixed = /^(embeddings|encoder|pooler)\./.test(tensor) ? `bert.${tensor}` : tensor;
    return prefixed
      .replace(/LayerNorm\.gamma$/, 'LayerNorm.weight')
      .replace(/LayerNorm\.beta$/, 'LayerNorm.bias');
  },

  layout: bertLayout,

  withClassifier(config, labels) {
    const source = {
      ...config.source,
      architectures: ['BertForSequenceClassification'],
      problem_type: 'single_label_classification',
      num_labels: labels.length,
      id2label: Object.fromEntries(labels.map((label, index) => [index, label])),
      label2id: Object.fromEntries(labels.map((label, index) => [label, index])),
    };
    return { ...config, task: 'sequence-classification', hasOwnHead: false, labels, source };
  },

  layersKey: 'num_hidden_layers',
  blockName,

  embed(weights, { ids, length, tokenTypes }) {
    const tokens = weights.linear(WORD_EMBEDDINGS).rows(uploadTensor(ids, [ids.length]));
    const { embeddingSum } = weights.operators;
    const embedded = embeddingSum(tokens, weights.vector('bert.embeddings.position_embeddings.weight'), {
      length,
      types: {
        embeddings: weights.vector('bert.embeddings.token_type_embeddings.weight'),
        ids: uploadTensor(tokenTypes ?? new Int32Array(ids.length), [ids.length]),
      },
    });
    return norm(weights, embedded, 'bert.embeddings.LayerNorm'); // [batch·length, width]
  },

  block,

  head(weights, hidden, batch) {
    return weights.config.task === 'masked-lm'
      ? maskedHead(weights, hidden)
      : classifier(weights, hidden, batch);
  },
};

/** Runs a block. A missing part leaves its residual; the layer norm after it stays. */
function block(
  weights: ModelWeights,
  structure: BlockStructure,
  input: tf.Tensor2D,
  sequences: SequenceShape,
): tf.Tensor2D {
  const name = blockName(structure.index);
  const attended = structure.hasAttention
    ? affine(
        weights,
        `${name}.attention.output.dense`,
        selfAttention(weights, name, input, sequences),
        'none',
        input,
      )
    : input;
  const x = norm(weights, attended, `${name}.attention.output.LayerNorm`);
  const output = structure.hasFeedForward ? feedForward(weights, structure, x, sequences.ids) : x;
  return norm(weights, output, `${name}.output.LayerNorm`);
}

function selfAttention(
  weights: ModelWeights,
  name: string,
  input: tf.Tensor2D,
  { batch, length, keyCounts }: SequenceShape,
): tf.Tensor2D {
  const { width, heads } = weights.config;
  const headWidth = width / heads;
  const role = (module: string) => {
    const tensor = affine(weights, `${name}.attention.self.${module}`, input);
    return { tensor, stride: tensor.shape[1], offset: 0 };
  };
  const [query, key, value] = [role('query'), role('key'), role('value')];
  return weights.operators.attention(query, key, value, keyCounts, {
    batch,
    heads: query.stride / headWidth,
    headWidth,
    queryCount: length,
    keyRows: length,
    past: 0,
    causal: false,
  }); // [batch·length, kept heads·headWidth]
}

/** Feed-forward layer with its residual. */
function feedForward(
  weights: ModelWeights,
  { index, mixture }: BlockStructure,
  x: tf.Tensor2D,
  ids: Int32Array,
): tf.Tensor2D {
  const [up, down] = ['intermediate.dense', 'output.dense'].map((module) => `${blockName(index)}.${module}`);
  if (mixture)
    return feedForwardOfExperts(weights, { mixture, up, down, routing: weights.routing(index), ids }, x, x);
  const hidden = affine(weights, up, x, weights.config.activation); // [batch·length, kept neurons]
  return affine(weights, down, hidden, 'none', x);
}

function maskedHead(weights: ModelWeights, hidden: tf.Tensor2D): tf.Tensor2D {
  const transformed = affine(weights, 'cls.predictions.transform.dense', hidden, weights.config.activation);
  const normed = norm(weights, transformed, 'cls.predictions.transform.LayerNorm');
  const decoder = weights.config.hasOwnHead ? 'cls.predictions.decoder' : WORD_EMBEDDINGS;
  return weights.linear(decoder).matmul(normed, { bias: weights.vector('cls.predictions.bias') });
}

function classifier(weights: ModelWeights, hidden: tf.Tensor2D, batch: number): tf.Tensor2D {
  const first = firstRows(hidden, batch); // [batch, width]
  const pooled = affine(weights, 'bert.pooler.dense', first, 'tanh');
  return weights.linear('classifier').matmul(pooled, { bias: weights.vector('classifier.bias') });
}

function affine(
  weights: ModelWeights,
  module: string,
  x: tf.Tensor2D,
  activation: Activation = 'none',
  residual?: tf.Tensor2D,
): tf.Tensor2D {
  const bias = weights.vector(`${module}.bias`);
  return weights.operators.multiply(weights.linear(module), x, { bias, activation, residual });
}

function norm({ config, vector, operators }: ModelWeights, x: tf.Tensor2D, name: string): tf.Tensor2D {
  return operators.layerNorm(x, vector(`${name}.weight`), vector(`${name}.bias`), config.layerNormEpsilon);
}

function taskOf(json: Record<string, unknown>, tensorNames: ReadonlySet<string>): Task {
  const architectures = Array.isArray(json.architectures) ? json.architectures.map(String) : [];
  if (architectures.includes('BertForSequenceClassification')) return 'sequence-classification';
  if (architectures.includes('BertForMaskedLM')) return 'masked-lm';
  if (tensorNames.has('classifier.weight')) return 'sequence-classification';
  if (tensorNames.has('cls.predictions.bias')) return 'masked-lm';
  throw new ModelError(
    `This BERT is ${architectures.join(', ') || 'of no known kind'}; Lathe runs BertForMaskedLM and BertForSequenceClassification.`,
  );
}

function labelsOf(json: Record<string, unknown>): string[] {
  const labels = json.id2label as Record<string, unknown> | undefined;
  if (labels && typeof labels === 'object') {
    return Object.entries(labels)
      .sort(([left], [right]) => Number(left) - Number(right))
      .map(([, label]) => String(label));
  }
  const count = positiveInteger({ num_labels: 2, ...json }, 'num_labels');
  return Array.from({ length: count }, (_, index) => `LABEL_${index}`);
}
