import { beforeAll, describe, expect, test } from 'vitest';
import { requireCausal } from './causal-model';
import { openNodeGpu } from '../engines/webgpu/node-gpu';
import { readFloats } from '../engines/webgpu/transfer';
import { expectAllClose } from '../testing/allclose';
import fixture from '../testing/fixtures/structure.json';
import { openFolder } from '../testing/folder-checkpoint';
import { loadModel } from './load-model';
import type { Model, TokenBatch } from './model';
import { restructure, valuesInCheckpoint } from './restructure';
import type { BlockStructure } from './structure';

beforeAll(() => openNodeGpu());

const LOGITS = { absolute: 1e-4, relative: 0 };
const GPT2_BATCH: TokenBatch = { ids: Int32Array.from(fixture.gpt2.ids), batch: 1, length: 9 };
const BERT_BATCH: TokenBatch = { ids: Int32Array.from(fixture.bert.ids), batch: 2, length: 7 };

const whole = (index: number): BlockStructure => ({ index, hasAttention: true, hasFeedForward: true });
const EVEN = (count: number) => Array.from({ length: count / 2 }, (_, index) => 2 * index);

async function logitsOf(model: Model, batch: TokenBatch): Promise<Float32Array> {
  const logits = model.logits(batch);
  const values = await readFloats(logits);
  logits.dispose();
  return values;
}

async function cut(
  family: 'gpt2' | 'bert',
  blocks: BlockStructure[],
  check: (smaller: Model, base: Model) => Promise<void>,
): Promise<void> {
  const base = await loadModel(await openFolder(`src/testing/fixtures/tiny-${family}`));
  const smaller = await restructure(base, { blocks });
  try {
    await check(smaller, base);
  } finally {
    base.dispose();
    smaller.dispose();
  }
}

describe('GPT-2 agrees with PyTorch', () => {
  test.each([
    ['withoutHead0OfBlock1', [whole(0), { ...whole(1), keptHeads: [1] }]],
    ['evenNeuronsOfBlock0', [{ ...whole(0), keptNeurons: EVEN(96) }, whole(1)]],
    ['withoutAttentionOfBlock0', [{ ...whole(0), hasAttention: false }, whole(1)]],
    ['withoutFeedForwardOfBlock1', [whole(0), { ...whole(1), hasFeedForward: false }]],
    ['onlyBlock1', [whole(1)]],
  ] as const)('%s', (name, blocks) =>
    cut('gpt2', [...blocks], async (smaller) => {
      expectAllClose(await logitsOf(smaller, GPT2_BATCH), fixture.gpt2[name], LOGITS);
    }),
  );

  test('a quarter of the activations between the blocks', () =>
    cut('gpt2', [whole(0), whole(1)], async (model) => {
      const structure = { ...model.config.structure, keptActivations: 0.25 };
      const narrow = requireCausal(model.withStructure(structure, new Map(), new Map()));
      expectAllClose(await logitsOf(narrow, GPT2_BATCH), fixture.gpt2.quarterOfActivations, LOGITS);
      const cache = narrow.createCache(9);
      narrow.extend(GPT2_BATCH.ids.subarray(0, 8), cache).dispose();
      const last = narrow.extend(GPT2_BATCH.ids.subarray(8), cache);
      expectAllClose(
        await readFloats(last),
        fixture.gpt2.quarterOfActivations.slice(8 * narrow.config.vocabularySize),
        LOGITS,
      );
      cache.dispose();
      last.dispose();
      narrow.dispose();
    }));

  test('also token by token, without a cache for removed attention', () =>
    cut(
      'gpt2',
      [
        { ...whole(0), hasAttention: false },
        { ...whole(1), keptHeads: [1] },
      ],
      async (smaller, base) => {
        const expected = await logitsOf(smaller, GPT2_BATCH);
        const causal = requireCausal(smaller);
        const cache = causal.createCache(9);
        const wholeCache = requireCausal(base).createCache(9);
        expect(cache.bytes).toBe(wholeCache.bytes / 4);
        wholeCache.dispose();
        for (const [position, id] of GPT2_BATCH.ids.entries()) {
          const logits = causal.extend(Int32Array.of(id), cache);
          const vocabulary = smaller.config.vocabularySize;
          expectAllClose(
            await readFloats(logits),
            expected.subarray(position * vocabulary, (position + 1) * vocabulary),
            LOGITS,
          );
          logits.dispose();
        }
        cache.dispose();
      },
    ));
});

describe('BERT agrees with PyTorch', () => {
  test.each([
    ['withoutHead1OfBlock0', [{ ...whole(0), keptHeads: [0] }, whole(1)]],
    ['evenNeuronsOfBlock1', [whole(0), { ...whole(1), keptNeurons: EVEN(40) }]],
    ['withoutAttentionOfBlock1', [whole(0), { ...whole(1), hasAttention: false }]],
    ['onlyBlock0', [whole(0)]],
  ] as const)('%s', (name, blocks) =>
    cut('bert', [...blocks], async (smaller) => {
      expectAllClose(await logitsOf(smaller, BERT_BATCH), fixture.bert[name], LOGITS);
    }),
  );
});

test('matrices become smaller, and can be cut again', () =>
  cut('gpt2', [{ ...whole(0), keptHeads: [1], keptNeurons: EVEN(96) }], async (smaller, base) => {
    expect(smaller.linears.get('transformer.h.0.attn.c_attn')!.shape).toEqual([36, 24]);
    expect(smaller.linears.get('transformer.h.0.mlp.c_proj')!.shape).toEqual([24, 48]);
    expect([...smaller.linears.keys()].some((name) => name.includes('.h.1.'))).toBe(false);
    const again = await restructure(smaller, {
      blocks: [{ ...whole(0), keptHeads: [1], keptNeurons: [4, 90] }],
    });
    const matrix = base.checkpointLayout.matrices.find(
      ({ module }) => module === 'transformer.h.0.mlp.c_fc',
    )!;
    const [before, after] = [await valuesInCheckpoint(base, matrix), await valuesInCheckpoint(again, matrix)];
    for (let neuron = 0; neuron < 96; neuron++) {
      const row = before.subarray(neuron * 24, (neuron + 1) * 24);
      const expected = neuron === 4 || neuron === 90 ? row : new Float32Array(24);
      expect(after.subarray(neuron * 24, (neuron + 1) * 24)).toEqual(expected);
    }
    again.dispose();
  }));

test('a removed block cannot be restored', async () => {
  await cut('gpt2', [whole(1)], async (smaller) => {
    await expect(restructure(smaller, { blocks: [whole(0)] })).rejects.toThrow('no block 0 any more');
  });
});
