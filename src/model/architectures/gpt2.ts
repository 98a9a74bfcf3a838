import type * as tf from '@tensorflow/tfjs';
import { uploadTensor } from '../../gpu/transfer';
import { attention } from '../../kernels/attention';
import { cachedAttention } from '../../kernels/cached-attention';
import { copyColumns } from '../../kernels/copy-columns';
import { embeddingSum } from '../../kernels/embedding-sum';
import type { Epilogue } from '../../kernels/epilogue';
import { layerNorm } from '../../kernels/layer-norm';
import { type Architecture, type LayerCache, ModelError, type ModelWeights } from '../architecture';
import {
  activationFunction,
  layerCount,
  positiveInteger,
  positiveNumber,
  refuseOptions,
  requireDivisible,
} from '../config-fields';
import type { FoldedNorms, MatrixLayout, ModelConfig } from '../model';

/** GPT-2 (Radford et al. 2019) with its language-model head, as transformers' GPT2LMHeadModel. */
export const gpt2: Architecture = {
  modelType: 'gpt2',

  readConfig(json, tensorNames) {
    const architectures = Array.isArray(json.architectures) ? json.architectures.map(String) : [];
    if (tensorNames.has('score.weight')) {
      throw new ModelError(
        'This GPT-2 has a classification head; Lathe runs GPT2LMHeadModel, the language model.',
      );
    }
    refuseOptions(json, {
      add_cross_attention: false,
      scale_attn_weights: true,
      scale_attn_by_inverse_layer_idx: false,
    });
    const width = positiveInteger(json, 'n_embd');
    const heads = positiveInteger(json, 'n_head');
    requireDivisible(width, heads);
    return {
      modelType: 'gpt2',
      task: 'causal-lm',
      vocabularySize: positiveInteger(json, 'vocab_size'),
      contextLength: positiveInteger(json, 'n_positions' in json ? 'n_positions' : 'n_ctx'),
      width,
      layers: layerCount(json, 'n_layer'),
      heads,
      feedForwardWidth: json.n_inner ? positiveInteger(json, 'n_inner') : 4 * width,
      layerNormEpsilon: positiveNumber(json, 'layer_norm_epsilon', 1e-5),
      activation: activationFunction({ activation_function: 'gelu_new', ...json }, 'activation_function'),
      hasOwnHead: json.tie_word_embeddings === false,
      source: { ...json, architectures: architectures.length ? architectures : ['GPT2LMHeadModel'] },
    };
  },

  canonicalName: (tensor) => (/^(wte|wpe|h|ln_f)\./.test(tensor) ? `transformer.${tensor}` : tensor),

  layout(config) {
    const { width, vocabularySize, contextLength, layers, feedForwardWidth, hasOwnHead } = config;
    const matrices: MatrixLayout[] = [embedding('transformer.wte', [vocabularySize, width])];
    const vectors = [{ tensor: 'transformer.wpe.weight', shape: [contextLength, width] }];
    for (let layer = 0; layer < layers; layer++) {
      const block = `transformer.h.${layer}`;
      matrices.push(
        conv1d(`${block}.attn.c_attn`, [3 * width, width]),
        conv1d(`${block}.attn.c_proj`, [width, width]),
        conv1d(`${block}.mlp.c_fc`, [feedForwardWidth, width]),
        conv1d(`${block}.mlp.c_proj`, [width, feedForwardWidth]),
      );
      vectors.push(
        { tensor: `${block}.ln_1.weight`, shape: [width] },
        { tensor: `${block}.ln_1.bias`, shape: [width] },
        { tensor: `${block}.attn.c_attn.bias`, shape: [3 * width] },
        { tensor: `${block}.attn.c_proj.bias`, shape: [width] },
        { tensor: `${block}.ln_2.weight`, shape: [width] },
        { tensor: `${block}.ln_2.bias`, shape: [width] },
        { tensor: `${block}.mlp.c_fc.bias`, shape: [feedForwardWidth] },
        { tensor: `${block}.mlp.c_proj.bias`, shape: [width] },
      );
    }
    vectors.push(
      { tensor: 'transformer.ln_f.weight', shape: [width] },
      { tensor: 'transformer.ln_f.bias', shape: [width] },
    );
    if (hasOwnHead) matrices.push(embedding('lm_head', [vocabularySize, width]));
    return { matrices, vectors };
  },

  hiddenStates(weights, { ids, batch, length }) {
    const keyCounts = uploadTensor(new Int32Array(batch).fill(length), [batch]) as tf.Tensor1D;
    return forward(weights, embed(weights, upload(ids), { length }), (qkv) => {
      const role = (index: number) => ({
        tensor: qkv,
        stride: qkv.shape[1],
        offset: index * weights.config.width,
      });
      return attention(role(0), role(1), role(2), keyCounts, {
        ...headShape(weights.config),
        batch,
        queryCount: length,
        keyRows: length,
        past: 0,
        causal: true,
      });
    });
  },

  extend(weights, ids, cache) {
    const keyCounts = uploadTensor(Int32Array.of(cache.length + ids.length), [1]) as tf.Tensor1D;
    const embedded = embed(weights, upload(ids), { length: ids.length, past: cache.length });
    return forward(weights, embedded, (qkv, layer) =>
      attentionOverCache(weights.config, qkv, cache, layer, keyCounts),
    );
  },

  extendByOne(weights, { id, lengths }, cache, folded) {
    const attend: Attend = (qkv, layer) => {
      const { keys, values } = cache;
      return cachedAttention(
        qkv,
        { keys: keys[layer], values: values[layer] },
        lengths,
        weights.config.heads,
      );
    };
    return forward(weights, embed(weights, id, { length: 1, lengths }), attend, folded);
  },

  normsBeforeLinears: ({ layers }) => ({
    attention: eachBlock(layers, (block) => ({ norm: `${block}.ln_1`, module: `${block}.attn.c_attn` })),
    feedForward: eachBlock(layers, (block) => ({ norm: `${block}.ln_2`, module: `${block}.mlp.c_fc` })),
  }),

  head(weights, hidden) {
    const name = weights.config.hasOwnHead ? 'lm_head' : 'transformer.wte';
    return weights.linear(name).matmul(hidden); // [rows, vocabulary]
  },
};

type Attend = (qkv: tf.Tensor2D, layer: number) => tf.Tensor2D;

function upload(ids: Int32Array): tf.Tensor1D {
  return uploadTensor(ids, [ids.length]) as tf.Tensor1D;
}

function embed(
  weights: ModelWeights,
  ids: tf.Tensor1D,
  place: { length: number; past?: number; lengths?: tf.Tensor1D },
): tf.Tensor2D {
  const tokens = weights.linear('transformer.wte').rows(ids);
  return embeddingSum(tokens, weights.vector('transformer.wpe.weight'), place); // [tokens, width]
}

function eachBlock<T>(layers: number, make: (block: string) => T): T[] {
  return Array.from({ length: layers }, (_, layer) => make(`transformer.h.${layer}`));
}

function forward(
  weights: ModelWeights,
  embedded: tf.Tensor2D,
  attend: Attend,
  folded?: FoldedNorms,
): tf.Tensor2D {
  let x = embedded;
  for (let layer = 0; layer < weights.config.layers; layer++) x = block(weights, x, layer, attend, folded);
  return norm(weights, x, 'transformer.ln_f');
}

function block(
  weights: ModelWeights,
  input: tf.Tensor2D,
  layer: number,
  attend: Attend,
  folded?: FoldedNorms,
): tf.Tensor2D {
  const name = `transformer.h.${layer}`;
  const multiply = (module: string, x: tf.Tensor2D, epilogue: Epilogue = {}) => {
    const bias = weights.vector(`${name}.${module}.bias`);
    return weights.linear(`${name}.${module}`).matmul(x, { bias, ...epilogue });
  };
  const multiplyNormed = (module: string, x: tf.Tensor2D, normName: string, epilogue: Epilogue = {}) => {
    const foldedNorm = folded?.get(`${name}.${module}`);
    if (!foldedNorm) return multiply(module, norm(weights, x, `${name}.${normName}`), epilogue);
    const bias = weights.vector(`${name}.${module}.bias`);
    return weights.linear(`${name}.${module}`).matmulOfNormalized!(x, foldedNorm, { bias, ...epilogue });
  };
  const qkv = multiplyNormed('attn.c_attn', input, 'ln_1'); // [tokens, 3·width]
  const x = multiply('attn.c_proj', attend(qkv, layer), { residual: input }); // [tokens, width]
  const { activation } = weights.config;
  const hidden = multiplyNormed('mlp.c_fc', x, 'ln_2', { activation }); // [tokens, feedForwardWidth]
  return multiply('mlp.c_proj', hidden, { residual: x });
}

function attentionOverCache(
  config: ModelConfig,
  qkv: tf.Tensor2D,
  cache: LayerCache,
  layer: number,
  keyCounts: tf.Tensor1D,
): tf.Tensor2D {
  const { width } = config;
  copyColumns(qkv, width, cache.keys[layer], cache.length);
  copyColumns(qkv, 2 * width, cache.values[layer], cache.length);
  return attention(
    { tensor: qkv, stride: 3 * width, offset: 0 },
    { tensor: cache.keys[layer], stride: width, offset: 0 },
    { tensor: cache.values[layer], stride: width, offset: 0 },
    keyCounts,
    {
      ...headShape(config),
      batch: 1,
      queryCount: qkv.shape[0],
      keyRows: cache.capacity,
      past: cache.length,
      causal: true,
    },
  );
}

function norm({ config, vector }: ModelWeights, x: tf.Tensor2D, name: string): tf.Tensor2D {
  return layerNorm(x, vector(`${name}.weight`), vector(`${name}.bias`), config.layerNormEpsilon);
}

function headShape({ heads, width }: ModelConfig): { heads: number; headWidth: number } {
  return { heads, headWidth: width / heads };
}

function embedding(module: string, shape: [number, number]): MatrixLayout {
  return { module, tensor: `${module}.weight`, shape, transposed: false, isBlockLinear: false };
}

function conv1d(module: string, shape: [number, number]): MatrixLayout {
  return { module, tensor: `${module}.weight`, shape, transposed: true, isBlockLinear: true };
}
