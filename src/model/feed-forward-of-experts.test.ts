import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { requireCausal } from './causal-model';
import { gpuCounters } from '../engines/webgpu/counters';
import { openNodeGpu } from '../engines/webgpu/node-gpu';
import { readFloats } from '../engines/webgpu/transfer';
import { expectAllClose } from '../testing/allclose';
import {
  FEED_FORWARD,
  MIXTURE_FAMILIES,
  mixtureBatch,
  type MixtureFamily,
  MIXTURES,
  withMixtures,
  withTinyMixture,
} from '../testing/tiny-mixtures';
import type { LinearWeight } from '../weights/linear-weight';
import { SparseWeight } from '../weights/formats/sparse-weight';
import { Decoding } from './generation/decoding';
import type { Model, TokenBatch } from './model';
import { type Mixture, routingOf } from './structure';

beforeAll(() => openNodeGpu());

const LOGITS = { absolute: 1e-4, relative: 0 };

async function logitsOf(model: Model, batch: TokenBatch): Promise<Float32Array> {
  const logits = model.logits(batch);
  const values = await readFloats(logits);
  logits.dispose();
  return values;
}

/** The same values in a format without direct access to its matrix. */
async function compressed(model: Model, family: MixtureFamily): Promise<Model> {
  const replaced = new Map<string, LinearWeight>();
  for (const module of [0, 1].flatMap((block) => Object.values(FEED_FORWARD[family](block)))) {
    const weight = model.linears.get(module)!;
    replaced.set(module, SparseWeight.fromDense(await weight.dense(), weight.shape));
  }
  return model.withLinears(replaced);
}

function sequenceOf({ ids, length }: TokenBatch, index: number): TokenBatch {
  return { ids: ids.slice(index * length, (index + 1) * length), batch: 1, length };
}

async function greedy(model: Model, prompt: Int32Array, count: number): Promise<number[]> {
  const decoding = new Decoding(requireCausal(model), prompt.length, { temperature: 0, maxNewTokens: count });
  decoding.submitPrompt(prompt);
  while (decoding.stepsLeft > 0) decoding.submitStep();
  const drawn: number[] = [];
  for (let index = 0; index < count; index++) drawn.push(await decoding.read());
  decoding.dispose();
  return drawn;
}

/** Logits of whole sequences, token by token. */
async function greedyWithoutCache(model: Model, prompt: Int32Array, count: number): Promise<number[]> {
  let ids = prompt;
  for (let index = 0; index < count; index++) {
    const logits = await logitsOf(model, { ids, batch: 1, length: ids.length });
    const last = logits.subarray(-model.config.vocabularySize);
    ids = Int32Array.of(...ids, last.indexOf(Math.max(...last)));
  }
  return [...ids.subarray(prompt.length)];
}

describe.each(MIXTURE_FAMILIES)('%s agrees with PyTorch', (family) => {
  const batch = mixtureBatch(family);
  const expected = MIXTURES[family].logits;

  test('on a batch, and on each of its sequences alone', () =>
    withTinyMixture(family, async (model) => {
      expectAllClose(await logitsOf(model, batch), expected, LOGITS);
      const size = expected.length / batch.batch;
      for (let index = 0; index < batch.batch; index++) {
        const alone = await logitsOf(model, sequenceOf(batch, index));
        expectAllClose(alone, expected.slice(index * size, (index + 1) * size), LOGITS);
      }
    }));

  test('with compressed matrices', () =>
    withTinyMixture(family, async (model) => {
      const sparse = await compressed(model, family);
      expectAllClose(await logitsOf(sparse, batch), expected, LOGITS);
      sparse.dispose();
    }));
});

test('an observed linear sees inputs and outputs of all experts', () =>
  withTinyMixture('bert', async (model) => {
    const batch = mixtureBatch('bert');
    const hidden = model.embed(batch);
    const { up, down } = FEED_FORWARD.bert(0);
    const seen = new Map<string, number[]>();
    const watched = model.runBlock(0, hidden, batch, (module, x) => void seen.set(module, x.shape));
    const alone = model.runBlock(0, hidden, batch);
    expect([seen.get(up), seen.get(down)]).toEqual([
      [33, 24],
      [33, 40],
    ]);
    expectAllClose(await readFloats(watched), await readFloats(alone), { absolute: 1e-5 });
    tf.dispose([hidden, watched, alone]);
  }));

describe('a causal model', () => {
  const { ids, length } = mixtureBatch('gpt2');
  const sequence = ids.subarray(0, length);

  test('agrees token by token over its cache with PyTorch on the whole sequence', () =>
    withTinyMixture('gpt2', async (mixture) => {
      const model = requireCausal(mixture);
      const vocabulary = model.config.vocabularySize;
      const cache = model.createCache(length);
      for (const [position, id] of sequence.entries()) {
        const logits = model.extend(Int32Array.of(id), cache);
        const row = MIXTURES.gpt2.logits.slice(position * vocabulary, (position + 1) * vocabulary);
        expectAllClose(await readFloats(logits), row, LOGITS);
        logits.dispose();
      }
      cache.dispose();
    }));

  test('continues token by token, each with its expert, as without a cache', () =>
    withTinyMixture('gpt2', async (model) => {
      const expected = await greedyWithoutCache(model, sequence, 8);
      expect(new Set(expected).size).toBeGreaterThan(2);
      expect(await greedy(model, sequence, 8)).toEqual(expected);
      const sparse = await compressed(model, 'gpt2');
      expect(await greedy(sparse, sequence, 8)).toEqual(expected);
      sparse.dispose();
    }));
});

/** Look-up, sum of embeddings, last norm, head, choice and bookkeeping. */
const DISPATCHES_OUTSIDE_LAYERS = 6;

test('a replayed token costs one submission and, as without experts, six launches a layer', () =>
  withTinyMixture('gpt2', async (model) => {
    const { ids, length } = mixtureBatch('gpt2');
    const decoding = new Decoding(requireCausal(model), length, { temperature: 0, maxNewTokens: 4 });
    decoding.submitPrompt(ids.subarray(0, length));
    await decoding.read();
    decoding.submitStep();
    await decoding.read();
    const before = gpuCounters();
    decoding.submitStep();
    await decoding.read();
    const after = gpuCounters();
    expect(after.submissions - before.submissions).toBe(1);
    const inLayers = after.dispatches - before.dispatches - DISPATCHES_OUTSIDE_LAYERS;
    expect(inLayers / model.config.layers).toBeLessThanOrEqual(6);
    decoding.dispose();
  }));

test.each(MIXTURE_FAMILIES)('%s with one expert of all neurons is the dense model', (family) =>
  withTinyMixture(family, async (_, base) => {
    const { feedForwardWidth, vocabularySize } = base.config;
    const whole: Mixture = {
      experts: 1,
      neurons: Array.from({ length: feedForwardWidth }, (_, neuron) => neuron),
      routing: routingOf(new Array<number>(vocabularySize).fill(0)),
    };
    const one = await withMixtures(base, [whole, whole]);
    const batch = mixtureBatch(family);
    expect(await logitsOf(one, batch)).toEqual(await logitsOf(base, batch));
    one.dispose();
  }),
);
