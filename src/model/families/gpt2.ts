import type * as tf from '@tensorflow/tfjs';
import { uploadTensor } from '../../engines/webgpu/transfer';
import type { LayerKeysAndValues } from '../../engines/webgpu/kernels/attention/cached-attention';
import { copyColumns } from '../../engines/webgpu/kernels/layers/copy-columns';
import type { Epilogue } from '../../engines/webgpu/kernels/wgsl/epilogue';
import { type ModelFamily, type LayerCache, ModelError, type ModelWeights } from '../family';
import {
  activationFunction,
  layerCount,
  positiveInteger,
  positiveNumber,
  refuseOptions,
  requireDivisible,
} from '../config-fields';
import { keepTopActivations } from '../keep-top-activations';
import { feedForwardOfExperts, type TokenIds } from '../feed-forward-of-experts';
import type { FoldedNorms } from '../causal-model';
import type { ModelConfig } from '../model';
import { type BlockStructure, wholeStructure } from '../structure';
import { blockName, gpt2Layout } from './gpt2-layout';

/** GPT-2 (Radford et al. 2019) with its language-model head, as transformers' GPT2LMHeadModel. */
export const gpt2: ModelFamily = {
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
    const layers = layerCount(json, 'n_layer');
    return {
      modelType: 'gpt2',
      task: 'causal-lm',
      vocabularySize: positiveInteger(json, 'vocab_size'),
      contextLength: positiveInteger(json, 'n_positions' in json ? 'n_positions' : 'n_ctx'),
      width,
      layers,
      heads,
      feedForwardWidth: json.n_inner ? positiveInteger(json, 'n_inner') : 4 * width,
      layerNormEpsilon: positiveNumber(json, 'layer_norm_epsilon', 1e-5),
      activation: activationFunction({ activation_function: 'gelu_new', ...json }, 'activation_function'),
      hasOwnHead: json.tie_word_embeddings === false,
      structure: wholeStructure(layers),
      source: { ...json, architectures: architectures.length ? architectures : ['GPT2LMHeadModel'] },
    };
  },

  canonicalName: (tensor) => (/^(wte|wpe|h|ln_f)\./.test(tensor) ? `transformer.${tensor}` : tensor),

  layout: gpt2Layout,
  layersKey: 'n_layer',
  blockName,

  embed(weights, { ids, length }) {
    return embed(weights, upload(ids), { length });
  },

  block(weights, structure, hidden, { batch, length, keyCounts, ids }) {
    return block(weights, structure, hidden, ids, (qkv) => {
      const width = qkv.shape[1] / 3;
      const role = (index: number) => ({ tensor: qkv, stride: qkv.shape[1], offset: index * width });
      return weights.operators.attention(role(0), role(1), role(2), keyCounts, {
        ...headShape(weights.config, width),
        batch,
        queryCount: length,
        keyRows: length,
        past: 0,
        causal: true,
      });
    });
  },

  finish: (weights, hidden) => norm(weights, hidden, 'transformer.ln_f'),

  causal: {
    extend(weights, ids, cache) {
      const keyCounts = uploadTensor(Int32Array.of(cache.length + ids.length), [1]);
      const embedded = embed(weights, upload(ids), { length: ids.length, past: cache.length });
      const attend = (qkv: tf.Tensor2D, layer: LayerKeysAndValues) =>
        attentionOverCache(weights, qkv, layer, cache, keyCounts);
      return forward(weights, embedded, ids, cache, attend);
    },

    extendByOne(weights, { id, lengths }, cache, folded) {
      const attend = (qkv: tf.Tensor2D, layer: LayerKeysAndValues) => {
        const { heads } = headShape(weights.config, layer.keys.shape[1]);
        return weights.operators.cachedAttention(qkv, layer, lengths, heads);
      };
      return forward(weights, embed(weights, id, { length: 1, lengths }), id, cache, attend, folded);
    },

    normsBeforeLinears: ({ structure: { blocks } }) => ({
      attention: blocks
        .filter(({ hasAttention }) => hasAttention)
        .map((block) => ({
          norm: `${blockName(block.index)}.ln_1`,
          module: `${blockName(block.index)}.attn.c_attn`,
        })),
      feedForward: blocks
        .filter(({ hasFeedForward, mixture }) => hasFeedForward && !mixture)
        .map((block) => ({
          norm: `${blockName(block.index)}.ln_2`,
          module: `${blockName(block.index)}.mlp.c_fc`,
        })),
    }),
  },

  head(weights, hidden) {
    const name = weights.config.hasOwnHead ? 'lm_head' : 'transformer.wte';
    return weights.linear(name).matmul(hidden); // [rows, vocabulary]
  },
};

type Attend = (qkv: tf.Tensor2D) => tf.Tensor2D;

function upload(ids: Int32Array): tf.Tensor1D {
  return uploadTensor(ids, [ids.length]);
}

function embed(
  weights: ModelWeights,
  ids: tf.Tensor1D,
  place: { length: number; past?: number; lengths?: tf.Tensor1D },
): tf.Tensor2D {
  const tokens = weights.linear('transformer.wte').rows(ids);
  return weights.operators.embeddingSum(tokens, weights.vector('transformer.wpe.weight'), place); // [tokens, width]
}

/** Runs all blocks, with attention over the cache. */
function forward(
  weights: ModelWeights,
  embedded: tf.Tensor2D,
  ids: TokenIds,
  cache: LayerCache,
  attend: (qkv: tf.Tensor2D, layer: LayerKeysAndValues) => tf.Tensor2D,
  folded?: FoldedNorms,
): tf.Tensor2D {
  let x = embedded;
  for (const [position, structure] of weights.config.structure.blocks.entries()) {
    const output = block(weights, structure, x, ids, (qkv) => attend(qkv, cache.layers[position]!), folded);
    x = keepTopActivations(weights.config, position, output);
  }
  return norm(weights, x, 'transformer.ln_f');
}

function block(
  weights: ModelWeights,
  structure: BlockStructure,
  input: tf.Tensor2D,
  ids: TokenIds,
  attend: Attend,
  folded?: FoldedNorms,
): tf.Tensor2D {
  const name = blockName(structure.index);
  const multiply = (module: string, x: tf.Tensor2D, epilogue: Epilogue = {}) => {
    const bias = weights.vector(`${name}.${module}.bias`);
    const weight = weights.linear(`${name}.${module}`);
    return weights.operators.multiply(weight, x, { bias, ...epilogue });
  };
  const multiplyNormed = (module: string, x: tf.Tensor2D, normName: string, epilogue: Epilogue = {}) => {
    const foldedNorm = folded?.get(`${name}.${module}`);
    if (!foldedNorm) return multiply(module, norm(weights, x, `${name}.${normName}`), epilogue);
    const bias = weights.vector(`${name}.${module}.bias`);
    return weights.linear(`${name}.${module}`).matmulOfNormalized!(x, foldedNorm, { bias, ...epilogue });
  };
  let x = input;
  if (structure.hasAttention) {
    const qkv = multiplyNormed('attn.c_attn', x, 'ln_1'); // [tokens, 3·kept heads·headWidth]
    x = multiply('attn.c_proj', attend(qkv), { residual: x }); // [tokens, width]
  }
  const { mixture } = structure;
  if (structure.hasFeedForward && mixture) {
    const routing = weights.routing(structure.index);
    const layer = { mixture, up: `${name}.mlp.c_fc`, down: `${name}.mlp.c_proj`, routing, ids };
    return feedForwardOfExperts(weights, layer, norm(weights, x, `${name}.ln_2`), x);
  }
  if (structure.hasFeedForward) {
    const { activation } = weights.config;
    const hidden = multiplyNormed('mlp.c_fc', x, 'ln_2', { activation }); // [tokens, kept neurons]
    x = multiply('mlp.c_proj', hidden, { residual: x });
  }
  return x;
}

function attentionOverCache(
  { config, operators }: ModelWeights,
  qkv: tf.Tensor2D,
  { keys, values }: LayerKeysAndValues,
  cache: LayerCache,
  keyCounts: tf.Tensor1D,
): tf.Tensor2D {
  const width = keys.shape[1];
  copyColumns(qkv, width, keys, cache.length);
  copyColumns(qkv, 2 * width, values, cache.length);
  return operators.attention(
    { tensor: qkv, stride: 3 * width, offset: 0 },
    { tensor: keys, stride: width, offset: 0 },
    { tensor: values, stride: width, offset: 0 },
    keyCounts,
    {
      ...headShape(config, width),
      batch: 1,
      queryCount: qkv.shape[0],
      keyRows: cache.capacity,
      past: cache.length,
      causal: true,
    },
  );
}

function norm({ config, vector, operators }: ModelWeights, x: tf.Tensor2D, name: string): tf.Tensor2D {
  return operators.layerNorm(x, vector(`${name}.weight`), vector(`${name}.bias`), config.layerNormEpsilon);
}

/** @param width total width of the remaining heads */
function headShape(config: ModelConfig, width: number): { heads: number; headWidth: number } {
  const headWidth = config.width / config.heads;
  return { heads: width / headWidth, headWidth };
}
