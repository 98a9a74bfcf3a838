import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import type { TensorEntry } from '../checkpoint/named-tensor';
import { openFolder } from '../testing/folder-checkpoint';
import { memoryEntry } from '../testing/memory-entry';
import { openNodeGpu } from '../engines/webgpu/node-gpu';
import { loadModel } from './load-model';

beforeAll(() => openNodeGpu());

const GPT2 = 'src/testing/fixtures/tiny-gpt2';
const BERT = 'src/testing/fixtures/tiny-bert';
const WTE = 'transformer.wte.weight';
const C_FC = 'transformer.h.1.mlp.c_fc.weight';

async function load(
  folder: string,
  config: Record<string, unknown>,
  edit: (entries: Map<string, TensorEntry>) => void = () => undefined,
) {
  const checkpoint = await openFolder(folder);
  const tensors = new Map(checkpoint.tensors);
  edit(tensors);
  return loadModel({ ...checkpoint, config: { ...checkpoint.config, ...config }, tensors });
}

describe('an unsupported config is one clear sentence', () => {
  test.each<[string, string, Record<string, unknown>, string]>([
    ['another family', GPT2, { model_type: 'llama' }, 'This is a llama model; Lathe runs gpt2 and bert.'],
    [
      'no family',
      GPT2,
      { model_type: undefined },
      'config.json has no "model_type"; Lathe runs gpt2 and bert.',
    ],
    ['a missing field', GPT2, { n_embd: undefined }, 'config.json lacks "n_embd"'],
    ['a field of another kind', GPT2, { n_head: '2' }, '"n_head": "2"; a positive integer was expected'],
    [
      'heads that do not divide',
      GPT2,
      { n_head: 5 },
      'a width of 24 and 5 attention heads, which do not divide it',
    ],
    ['too many blocks', GPT2, { n_layer: 1e9 }, 'models of up to 1024 blocks'],
    ['cross attention', GPT2, { add_cross_attention: true }, '"add_cross_attention": true'],
    [
      'scores scaled by layer',
      GPT2,
      { scale_attn_by_inverse_layer_idx: true },
      '"scale_attn_by_inverse_layer_idx": true; Lathe runs models with false only',
    ],
    ['an unknown activation', GPT2, { activation_function: 'silu' }, '"silu"; Lathe runs gelu'],
    [
      'relative positions',
      BERT,
      { position_embedding_type: 'relative_key' },
      '"position_embedding_type": "relative_key"; Lathe runs models with "absolute" only',
    ],
    ['a decoder', BERT, { is_decoder: true }, '"is_decoder": true'],
  ])('%s', async (_, folder, config, message) => {
    await expect(load(folder, config)).rejects.toThrow(message);
  });

  test('a BERT with a head for another task', async () => {
    const config = { architectures: ['BertForQuestionAnswering'] };
    await expect(load(BERT, config, (entries) => entries.delete('classifier.weight'))).rejects.toThrow(
      'This BERT is BertForQuestionAnswering; Lathe runs BertForMaskedLM and BertForSequenceClassification.',
    );
  });

  test('a GPT-2 with a classification head', async () => {
    const score = memoryEntry('score.weight', [2, 24], new Float32Array(48));
    await expect(load(GPT2, {}, (entries) => entries.set('score.weight', score))).rejects.toThrow(
      'has a classification head',
    );
  });
});

describe('weights that do not fit', () => {
  test('a missing tensor is named with its shape', async () => {
    await expect(load(GPT2, {}, (entries) => entries.delete(C_FC))).rejects.toThrow(
      `The weights lack the tensor ${C_FC} of shape [24, 96]`,
    );
  });

  test('a missing head of its own', async () => {
    await expect(load(GPT2, { tie_word_embeddings: false })).rejects.toThrow(
      'lack the tensor lm_head.weight',
    );
  });

  test('another shape is named with the one expected', async () => {
    await expect(load(GPT2, { vocab_size: 98 })).rejects.toThrow(
      `Tensor ${WTE} has the shape [97, 24], config.json asks for [98, 24]`,
    );
  });

  test('more blocks than the config says', async () => {
    await expect(load(GPT2, { n_layer: 1 })).rejects.toThrow(
      /Tensor transformer\.h\.1\.\S+ is in block 1, config.json has 1 blocks numbered from 0/,
    );
  });

  test('NaN is named with its position, and uploaded tensors are freed', async () => {
    const values = new Float32Array(24 * 96);
    values[100] = NaN;
    const before = tf.memory().numTensors;
    const damage = (entries: Map<string, TensorEntry>) =>
      void entries.set(C_FC, memoryEntry(C_FC, [24, 96], values));
    await expect(load(GPT2, {}, damage)).rejects.toThrow(`Tensor ${C_FC} holds NaN at element 100`);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('progress', () => {
  test('counts the bytes of the needed tensors up to their total', async () => {
    const checkpoint = await openFolder(GPT2);
    const unused = memoryEntry('transformer.h.0.attn.bias', [1, 1, 32, 32], new Float32Array(1024));
    const seen: [number, number][] = [];
    const model = await loadModel(
      { ...checkpoint, tensors: new Map(checkpoint.tensors).set(unused.name, unused) },
      { onProgress: ({ done, total }) => seen.push([done, total]) },
    );
    model.dispose();
    const bytes = [...checkpoint.tensors.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
    expect(seen.at(-1)).toEqual([bytes, bytes]);
    expect(seen.every(([read], index) => index === 0 || read > seen[index - 1][0])).toBe(true);
  });

  test('a cancelled load stops and frees uploaded tensors', async () => {
    const controller = new AbortController();
    const before = tf.memory().numTensors;
    const loading = loadModel(await openFolder(GPT2), {
      signal: controller.signal,
      onProgress: ({ done, total }) => done > total / 2 && controller.abort(),
    });
    await expect(loading).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
    expect(tf.memory().numTensors).toBe(before);
  });
});
