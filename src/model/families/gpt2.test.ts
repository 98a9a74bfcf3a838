import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { requireCausal } from '../causal-model';
import { readFloat32 } from '../../checkpoint/float-conversion';
import type { TensorEntry } from '../../checkpoint/named-tensor';
import { readFloats } from '../../engines/webgpu/transfer';
import { expectAllClose, seededNormal } from '../../testing/allclose';
import demo from '../../testing/fixtures/fairy-tales-gpt2.json';
import expected from '../../testing/fixtures/tiny-gpt2/expected.json';
import { openFolder } from '../../testing/folder-checkpoint';
import { memoryEntry } from '../../testing/memory-entry';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { referenceMatmul } from '../../testing/reference-matmul';
import { loadModel } from '../load-model';
import type { Model, TokenBatch } from '../model';

const TINY = 'src/testing/fixtures/tiny-gpt2';
const LOGITS = { absolute: 1e-4, relative: 0 };

beforeAll(() => openNodeGpu());

const single = (ids: readonly number[]): TokenBatch => ({
  ids: Int32Array.from(ids),
  batch: 1,
  length: ids.length,
});

async function logitsOf(model: Model, batch: TokenBatch): Promise<Float32Array> {
  const logits = model.logits(batch);
  const values = await readFloats(logits);
  logits.dispose();
  return values;
}

async function withTiny(
  check: (model: Model) => Promise<void>,
  edit: (entries: ReadonlyMap<string, TensorEntry>) => ReadonlyMap<string, TensorEntry> = (entries) =>
    entries,
  config: Record<string, unknown> = {},
): Promise<void> {
  const checkpoint = await openFolder(TINY);
  const model = await loadModel({
    ...checkpoint,
    config: { ...checkpoint.config, ...config },
    tensors: edit(checkpoint.tensors),
  });
  try {
    await check(model);
  } finally {
    model.dispose();
  }
}

describe('against PyTorch, tiny checkpoint of random weights', () => {
  test('logits of every position', () =>
    withTiny(async (model) => {
      for (const { ids, logits } of expected.logits) {
        expectAllClose(await logitsOf(model, single(ids)), logits.flat(), LOGITS);
      }
    }));

  test('sequences of a padded batch have the same logits as alone', () =>
    withTiny(async (model) => {
      const sequences = expected.logits;
      const length = Math.max(...sequences.map(({ ids }) => ids.length));
      const ids = new Int32Array(sequences.length * length);
      sequences.forEach((sequence, index) => ids.set(sequence.ids, index * length));
      const lengths = sequences.map((sequence) => sequence.ids.length);
      const values = await logitsOf(model, { ids, batch: sequences.length, length, lengths });
      sequences.forEach(({ logits }, index) => {
        const start = index * length * logits[0].length;
        const flat = logits.flat();
        expectAllClose(values.subarray(start, start + flat.length), flat, LOGITS);
      });
    }));

  test.each([1, 5, 13])('with a cache, %i tokens at a time', (step) =>
    withTiny(async (tiny) => {
      const model = requireCausal(tiny);
      const { ids, logits } = expected.logits.at(-1)!;
      const cache = model.createCache();
      for (let start = 0; start < ids.length; start += step) {
        const end = Math.min(start + step, ids.length);
        const last = model.extend(Int32Array.from(ids.slice(start, end)), cache);
        expect(cache.length).toBe(end);
        expectAllClose(await readFloats(last), logits[end - 1], LOGITS);
        last.dispose();
      }
      expect(() => model.extend(Int32Array.of(1), cache)).toThrow('the cache holds 32 of 32');
      cache.dispose();
    }),
  );

  test('the same without the transformer. prefix', () =>
    withTiny(
      async (model) => {
        const [{ ids, logits }] = expected.logits;
        expectAllClose(await logitsOf(model, single(ids)), logits.flat(), LOGITS);
        expect(model.blockLinears.slice(0, 2)).toEqual([
          'transformer.h.0.attn.c_attn',
          'transformer.h.0.attn.c_proj',
        ]);
      },
      (entries) => new Map([...entries].map(([name, entry]) => [name.replace(/^transformer\./, ''), entry])),
    ));

  test('a separate head if the embeddings are not tied', async () => {
    const { tensors } = await openFolder(TINY);
    const [vocabulary, width] = tensors.get('transformer.wte.weight')!.shape;
    const head = seededNormal(vocabulary * width, 3);
    await withTiny(
      async (model) => {
        const hidden = model.hiddenStates(single(expected.logits[1].ids));
        const logits = model.head(hidden);
        const reference = referenceMatmul(await readFloats(hidden), head, [
          hidden.shape[0],
          width,
          vocabulary,
        ]);
        expectAllClose(await readFloats(logits), reference);
        tf.dispose([hidden, logits]);
      },
      (entries) =>
        new Map(entries).set('lm_head.weight', memoryEntry('lm_head.weight', [vocabulary, width], head)),
      { tie_word_embeddings: false },
    );
  });
});

describe('the model owns its weights', () => {
  test('a variant outlives its base and returns its replaced weights', async () => {
    const checkpoint = await openFolder(TINY);
    const base = await loadModel(checkpoint);
    const name = base.blockLinears[0];
    const variant = base.withLinears(new Map([[name, base.linears.get(name)!.clone()]]));
    base.dispose();
    const { ids, logits } = expected.logits[0];
    expectAllClose(await logitsOf(variant, single(ids)), logits.flat(), LOGITS);
    const entry = checkpoint.tensors.get(`${name}.weight`)!;
    const [inputs, outputs] = entry.shape;
    const stored = await readFloat32(entry);
    const dense = await variant.linears.get(name)!.dense();
    expect(variant.linears.get(name)!.shape).toEqual([outputs, inputs]);
    expect(dense[1 * inputs + 2]).toBe(stored[2 * outputs + 1]);
    variant.dispose();
  });

  test.each([
    ['an id beyond the vocabulary', [97], 'Token id 97 is not one of this model'],
    ['no id', [], 'There is no token to run the model on'],
    ['a sequence beyond the context', Array<number>(33).fill(1), 'longer than the 32 positions'],
  ])('refuses %s', (_, ids, message) =>
    withTiny(async (model) => expect(() => model.logits(single(ids))).toThrow(message)),
  );
});

// The demo is stored as F16; rounding its weights moves single logits by up to 0.0049 from the float32 reference.
test('the demo checkpoint: last logits of the prompts', async () => {
  const model = await loadModel(await openFolder('public/models/fairy-tales-gpt2'));
  for (const { ids, last_logits_top10, last_logits_first8 } of demo.prompts) {
    const values = await logitsOf(model, single(ids));
    const last = values.subarray(values.length - model.config.vocabularySize);
    const tolerance = { absolute: 6e-3, relative: 0 };
    expectAllClose(last.subarray(0, 8), last_logits_first8, tolerance);
    expectAllClose(
      last_logits_top10.map(([id]) => last[id]),
      last_logits_top10.map(([, logit]) => logit),
      tolerance,
    );
  }
  model.dispose();
});
