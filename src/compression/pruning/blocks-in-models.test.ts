import { beforeAll, describe, expect, test } from 'vitest';
import { requireCausal } from '../../model/causal-model';
import { gpuCounters } from '../../engines/webgpu/counters';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { readFloats } from '../../engines/webgpu/transfer';
import { Decoding } from '../../model/generation/decoding';
import { loadModel } from '../../model/load-model';
import type { Model, TokenBatch } from '../../model/model';
import { expectAllClose } from '../../testing/allclose';
import calibration from '../../testing/fixtures/calibration.json';
import { openFolder } from '../../testing/folder-checkpoint';
import { DenseWeight } from '../../weights/formats/dense-weight';
import { applyStep } from '../recipe/apply-step';
import { METHODS } from '../methods';

beforeAll(() => openNodeGpu());

type Family = 'gpt2' | 'bert';

/** Steps in their order, and the resulting format. */
const CHAINS: [string, [string, object][], string][] = [
  ['blocks pruned', [['block-pruning', { blockRows: 8, blockColumns: 4 }]], 'block-sparse'],
  [
    'blocks pruned, then rounded',
    [
      ['block-pruning', { blockRows: 8, blockColumns: 4 }],
      ['round-to-nearest', {}],
    ],
    'block-sparse',
  ],
  ['a codebook', [['product-quantization', { blockSize: 4, centroids: 16 }]], 'product-quantized'],
  [
    'blocks pruned, then a codebook whose entries are rounded',
    [
      ['block-pruning', { blockRows: 8, blockColumns: 4, sparsity: 0.3 }],
      ['product-quantization', { blockSize: 4, centroids: 16 }],
      ['round-to-nearest', { strategy: 'tensor' }],
    ],
    'product-quantized',
  ],
];

function batchOf(family: Family): TokenBatch {
  const { ids } = calibration[family];
  const lengths = family === 'bert' ? calibration.bert.lengths : undefined;
  return { ids: Int32Array.from(ids.flat()), batch: ids.length, length: ids[0].length, lengths };
}

async function withVariant(
  family: Family,
  steps: [string, object][],
  check: (variant: Model) => Promise<void>,
): Promise<void> {
  let model = await loadModel(await openFolder(`src/testing/fixtures/tiny-${family}`));
  try {
    for (const [id, json] of steps) {
      const method = METHODS.find((candidate) => candidate.id === id)!;
      const step = { method, parameters: method.schema.parse(json) };
      const next = await applyStep(model, step, model.blockLinears, {
        calibration: { text: 'a text', batches: [batchOf(family)] },
      });
      model.dispose();
      model = next;
    }
    await check(model);
  } finally {
    model.dispose();
  }
}

async function logitsOf(model: Model, batch: TokenBatch): Promise<Float32Array> {
  const logits = model.logits(batch);
  const values = await readFloats(logits);
  logits.dispose();
  return values;
}

/** The same model with every weight dense. */
async function densified(variant: Model): Promise<Model> {
  const dense = new Map<string, DenseWeight>();
  for (const name of variant.blockLinears) {
    const weight = variant.linears.get(name)!;
    dense.set(name, DenseWeight.fromValues(await weight.dense(), weight.shape));
  }
  return variant.withLinears(dense);
}

describe.each(CHAINS)('%s', (_, steps, form) => {
  test.each(['gpt2', 'bert'] as const)('tiny %s: the logits are those of the dense values', (family) =>
    withVariant(family, steps, async (variant) => {
      for (const name of variant.blockLinears) expect(variant.linears.get(name)!.format).toBe(form);
      const dense = await densified(variant);
      const expected = await logitsOf(dense, batchOf(family));
      dense.dispose();
      expectAllClose(await logitsOf(variant, batchOf(family)), expected, { absolute: 2e-4, relative: 1e-4 });
    }),
  );

  test('GPT-2 decodes token by token as with dense weights, replayed', () =>
    withVariant('gpt2', steps, async (variant) => {
      const dense = await densified(variant);
      const prompt = Int32Array.from(calibration.gpt2.ids[0].slice(0, 4));
      const [drawn, expected] = [await decode(variant, prompt), await decode(dense, prompt)];
      dense.dispose();
      expect(drawn.tokens).toEqual(expected.tokens);
      expect(drawn.submissionsOfAStep).toBe(1);
    }));
});

const TOKENS = 6;

/** Greedy tokens, and the number of submissions of the last one: one if the step was replayed. */
async function decode(model: Model, prompt: Int32Array) {
  const decoding = new Decoding(requireCausal(model), prompt.length, {
    temperature: 0,
    maxNewTokens: TOKENS,
  });
  decoding.submitPrompt(prompt);
  const tokens = [await decoding.read()];
  let submissionsOfAStep = 0;
  while (tokens.length < TOKENS) {
    const before = gpuCounters().submissions;
    decoding.submitStep();
    tokens.push(await decoding.read());
    submissionsOfAStep = gpuCounters().submissions - before;
  }
  decoding.dispose();
  return { tokens, submissionsOfAStep };
}
