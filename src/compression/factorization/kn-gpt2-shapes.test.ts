import { describe, expect, test } from 'vitest';
import type { ModelFamily } from '../../model/family';
import { bert } from '../../model/families/bert';
import { gpt2 } from '../../model/families/gpt2';
import fixture from '../../testing/fixtures/kn-gpt2.json';
import { knGpt2Factors, type KnGpt2Parameters, parametersWith } from './kn-gpt2-shapes';

const PAPER: KnGpt2Parameters = { factor: 2, blocks: 'odd', embedding: true };

/** Defaults of transformers' configurations. */
const GPT2_SMALL = { vocab_size: 50257, n_positions: 1024, n_embd: 768, n_layer: 12, n_head: 12 };
const BERT_BASE = {
  architectures: ['BertForMaskedLM'],
  vocab_size: 30522,
  max_position_embeddings: 512,
  hidden_size: 768,
  num_hidden_layers: 12,
  num_attention_heads: 12,
  intermediate_size: 3072,
};

function factorsOf(architecture: ModelFamily, json: Record<string, unknown>, parameters = PAPER) {
  const config = architecture.readConfig(json, new Set());
  const layout = architecture.layout(config);
  const linears = layout.matrices.filter(({ isBlockLinear }) => isBlockLinear).map(({ module }) => module);
  const factors = knGpt2Factors(layout, config, parameters, new Set(linears));
  return { layout, factors };
}

describe.each([
  ['gpt2-small', gpt2, GPT2_SMALL],
  ['bert-base', bert, BERT_BASE],
] as const)("%s, against transformers' modules", (name, architecture, json) => {
  const { layout, factors } = factorsOf(architecture, json);
  const reference = fixture[name];

  test('factors', () => {
    const shapes = factors.map(({ module, aShape, bShape }) => [module, [aShape, bShape]] as const);
    expect(Object.fromEntries(shapes)).toEqual(reference.factors);
  });

  test('parameters', () => {
    expect(parametersWith(layout, [])).toBe(reference.parameters);
    expect(parametersWith(layout, factors)).toBe(reference.compressedParameters);
  });
});

test('GPT-2 small has 83 of its 124 million parameters left, as in the paper', () => {
  const { layout, factors } = factorsOf(gpt2, GPT2_SMALL);
  expect(Math.floor(parametersWith(layout, []) / 1e6)).toBe(124);
  expect(Math.floor(parametersWith(layout, factors) / 1e6)).toBe(83);
});

test('blocks and embedding follow the parameters', () => {
  const modules = (parameters: Partial<KnGpt2Parameters>) =>
    factorsOf(gpt2, { ...GPT2_SMALL, n_layer: 3 }, { ...PAPER, ...parameters }).factors.map(
      ({ module }) => module,
    );
  const block = (index: number) =>
    ['attn.c_attn', 'attn.c_proj', 'mlp.c_fc', 'mlp.c_proj'].map((name) => `transformer.h.${index}.${name}`);
  expect(modules({})).toEqual(['transformer.wte', ...block(1)]);
  expect(modules({ blocks: 'even' })).toEqual(['transformer.wte', ...block(0), ...block(2)]);
  expect(modules({ blocks: 'all', embedding: false })).toEqual([...block(0), ...block(1), ...block(2)]);
});

test('an untied head is not factorized', () => {
  const { factors } = factorsOf(gpt2, { ...GPT2_SMALL, n_layer: 1, tie_word_embeddings: false });
  expect(factors.map(({ module }) => module)).toEqual(['transformer.wte']);
});

test('a factor that does not divide the inputs is refused', () => {
  expect(() => factorsOf(gpt2, GPT2_SMALL, { ...PAPER, factor: 5 })).toThrow(
    'kn-gpt2 cannot split the 768 inputs of transformer.wte by 5; use a factor that divides them, such as 2.',
  );
});
