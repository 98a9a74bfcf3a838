import type * as tf from '@tensorflow/tfjs';
import { uploadTensor } from '../../gpu/transfer';
import { attention } from '../../kernels/attention';
import type { Activation } from '../../kernels/activation';
import { embeddingSum } from '../../kernels/embedding-sum';
import { firstRows } from '../../kernels/copy-rows';
import { layerNorm } from '../../kernels/layer-norm';
import { type Architecture, ModelError, type ModelWeights } from '../architecture';
import {
  activationFunction,
  layerCount,
  positiveInteger,
  positiveNumber,
  refuseOptions,
  requireDivisible,
} from '../config-fields';
import type { MatrixLayout, ModelConfig, Task, VectorLayout } from '../model';

const WORD_EMBEDDINGS = 'bert.embeddings.word_embeddings';

/** BERT (Devlin et al. 2019), as transformers' BertForMaskedLM and BertForSequenceClassification. */
export const bert: Architecture = {
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
    return {
      modelType: 'bert',
      task,
      vocabularySize: positiveInteger(json, 'vocab_size'),
      contextLength: positiveInteger(json, 'max_position_embeddings'),
      width,
      layers: layerCount(json, 'num_hidden_layers'),
      heads,
      feedForwardWidth: positiveInteger(json, 'intermediate_size'),
      layerNormEpsilon: positiveNumber(json, 'layer_norm_eps', 1e-12),
      activation: activationFunction({ hidden_act: 'gelu', ...json }, 'hidden_act'),
      hasOwnHead: task === 'masked-lm' && json.tie_word_embeddings === false,
      tokenTypes: positiveInteger({ type_vocab_size: 2, ...json }, 'type_vocab_size'),
      labels: task === 'sequence-classification' ? labelsOf(json) : undefined,
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

  layout(config) {
    const { width, vocabularySize, contextLength, layers, feedForwardWidth, tokenTypes = 2 } = config;
    const matrices: MatrixLayout[] = [linear(WORD_EMBEDDINGS, [vocabularySize, width], false)];
    const vectors: VectorLayout[] = [
      { tensor: 'bert.embeddings.position_embeddings.weight', shape: [contextLength, width] },
      { tensor: 'bert.embeddings.token_type_embeddings.weight', shape: [tokenTypes, width] },
      ...normVectors('bert.embeddings.LayerNorm', width),
    ];
    for (let layer = 0; layer < layers; layer++) {
      const block = `bert.encoder.layer.${layer}`;
      const linears: [string, [number, number]][] = [
        ['attention.self.query', [width, width]],
        ['attention.self.key', [width, width]],
        ['attention.self.value', [width, width]],
        ['attention.output.dense', [width, width]],
        ['intermediate.dense', [feedForwardWidth, width]],
        ['output.dense', [width, feedForwardWidth]],
      ];
      for (const [name, shape] of linears) {
        matrices.push(linear(`${block}.${name}`, shape, true));
        vectors.push({ tensor: `${block}.${name}.bias`, shape: [shape[0]] });
      }
      vectors.push(...normVectors(`${block}.attention.output.LayerNorm`, width));
      vectors.push(...normVectors(`${block}.output.LayerNorm`, width));
    }
    const head = config.task === 'masked-lm' ? maskedHeadLayout(config) : classifierLayout(config);
    return { matrices: [...matrices, ...head.matrices], vectors: [...vectors, ...head.vectors] };
  },

  hiddenStates(weights, { ids, batch, length, lengths, tokenTypes }) {
    const { config } = weights;
    const tokens = weights.linear(WORD_EMBEDDINGS).rows(uploadTensor(ids, [ids.length]) as tf.Tensor1D);
    const embedded = embeddingSum(tokens, weights.vector('bert.embeddings.position_embeddings.weight'), {
      length,
      types: {
        embeddings: weights.vector('bert.embeddings.token_type_embeddings.weight'),
        ids: uploadTensor(tokenTypes ?? new Int32Array(ids.length), [ids.length]) as tf.Tensor1D,
      },
    });
    const keyCounts = uploadTensor(Int32Array.from(lengths ?? Array(batch).fill(length)), [
      batch,
    ]) as tf.Tensor1D;
    let x = norm(weights, embedded, 'bert.embeddings.LayerNorm'); // [batch·length, width]
    for (let layer = 0; layer < config.layers; layer++) {
      x = block(weights, x, `bert.encoder.layer.${layer}`, keyCounts, batch);
    }
    return x;
  },

  head(weights, hidden, batch) {
    return weights.config.task === 'masked-lm'
      ? maskedHead(weights, hidden)
      : classifier(weights, hidden, batch);
  },
};

function block(
  weights: ModelWeights,
  input: tf.Tensor2D,
  name: string,
  keyCounts: tf.Tensor1D,
  batch: number,
): tf.Tensor2D {
  const { width, heads, activation } = weights.config;
  const length = input.shape[0] / batch;
  const role = (module: string) => ({
    tensor: affine(weights, `${name}.attention.self.${module}`, input),
    stride: width,
    offset: 0,
  });
  const attended = attention(role('query'), role('key'), role('value'), keyCounts, {
    batch,
    heads,
    headWidth: width / heads,
    queryCount: length,
    keyRows: length,
    past: 0,
    causal: false,
  }); // [batch·length, width]
  const projected = affine(weights, `${name}.attention.output.dense`, attended, 'none', input);
  const x = norm(weights, projected, `${name}.attention.output.LayerNorm`);
  const hidden = affine(weights, `${name}.intermediate.dense`, x, activation); // [batch·length, feedForwardWidth]
  return norm(
    weights,
    affine(weights, `${name}.output.dense`, hidden, 'none', x),
    `${name}.output.LayerNorm`,
  );
}

function maskedHead(weights: ModelWeights, hidden: tf.Tensor2D): tf.Tensor2D {
  const transformed = affine(weights, 'cls.predictions.transform.dense', hidden, weights.config.activation);
  const normed = norm(weights, transformed, 'cls.predictions.transform.LayerNorm');
  const decoder = weights.config.hasOwnHead ? 'cls.predictions.decoder' : WORD_EMBEDDINGS;
  return weights.linear(decoder).matmul(normed, { bias: weights.vector('cls.predictions.bias') });
}

function classifier(weights: ModelWeights, hidden: tf.Tensor2D, batch: number): tf.Tensor2D {
  const first = firstRows(hidden, batch); // [batch, width]
  return affine(weights, 'classifier', affine(weights, 'bert.pooler.dense', first, 'tanh'));
}

function affine(
  weights: ModelWeights,
  module: string,
  x: tf.Tensor2D,
  activation: Activation = 'none',
  residual?: tf.Tensor2D,
): tf.Tensor2D {
  const bias = weights.vector(`${module}.bias`);
  return weights.linear(module).matmul(x, { bias, activation, residual });
}

function norm({ config, vector }: ModelWeights, x: tf.Tensor2D, name: string): tf.Tensor2D {
  return layerNorm(x, vector(`${name}.weight`), vector(`${name}.bias`), config.layerNormEpsilon);
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

function maskedHeadLayout({ width, vocabularySize, hasOwnHead }: ModelConfig): {
  matrices: MatrixLayout[];
  vectors: VectorLayout[];
} {
  const matrices = [linear('cls.predictions.transform.dense', [width, width], false)];
  if (hasOwnHead) matrices.push(linear('cls.predictions.decoder', [vocabularySize, width], false));
  return {
    matrices,
    vectors: [
      { tensor: 'cls.predictions.transform.dense.bias', shape: [width] },
      ...normVectors('cls.predictions.transform.LayerNorm', width),
      { tensor: 'cls.predictions.bias', shape: [vocabularySize] },
    ],
  };
}

function classifierLayout({ width, labels }: ModelConfig): {
  matrices: MatrixLayout[];
  vectors: VectorLayout[];
} {
  const count = labels!.length;
  return {
    matrices: [
      linear('bert.pooler.dense', [width, width], false),
      linear('classifier', [count, width], false),
    ],
    vectors: [
      { tensor: 'bert.pooler.dense.bias', shape: [width] },
      { tensor: 'classifier.bias', shape: [count] },
    ],
  };
}

function normVectors(name: string, width: number): VectorLayout[] {
  return [
    { tensor: `${name}.weight`, shape: [width] },
    { tensor: `${name}.bias`, shape: [width] },
  ];
}

function linear(module: string, shape: [number, number], isBlockLinear: boolean): MatrixLayout {
  return { module, tensor: `${module}.weight`, shape, transposed: false, isBlockLinear };
}
