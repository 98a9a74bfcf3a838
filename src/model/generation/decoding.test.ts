import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CausalModel, requireCausal } from '../causal-model';
import { gpuCounters } from '../../engines/webgpu/counters';
import { gpuMemory } from '../../engines/webgpu/memory';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { readFloats } from '../../engines/webgpu/transfer';
import expected from '../../testing/fixtures/tiny-gpt2/expected.json';
import { openFolder } from '../../testing/folder-checkpoint';
import { Decoding } from './decoding';
import { loadModel } from '../load-model';
import { sample, seeded } from './sampling';

let model: CausalModel;

beforeAll(async () => {
  await openNodeGpu();
  model = requireCausal(await loadModel(await openFolder('src/testing/fixtures/tiny-gpt2')));
});

afterAll(() => model.dispose());

const [{ ids, greedy }] = expected.continuations;
const prompt = Int32Array.from(ids);

test('steps submitted before reading draw the tokens of transformers', async () => {
  const decoding = new Decoding(model, prompt.length, { temperature: 0, maxNewTokens: greedy.length });
  decoding.submitPrompt(prompt);
  while (decoding.stepsLeft > 0) decoding.submitStep();
  const drawn: number[] = [];
  for (let count = 0; count < greedy.length; count++) drawn.push(await decoding.read());
  expect(drawn).toEqual(greedy);
  await expect(decoding.read()).rejects.toThrow('No token was submitted');
  decoding.dispose();
});

/** Look-up, sum of embeddings, last norm, head, choice and bookkeeping. */
const DISPATCHES_OUTSIDE_LAYERS = 6;

test('a replayed token costs one submission, one readback and six launches a layer', async () => {
  const decoding = new Decoding(model, prompt.length, { temperature: 0, maxNewTokens: 8 });
  decoding.submitPrompt(prompt);
  await decoding.read();
  decoding.submitStep();
  await decoding.read();
  const before = gpuCounters();
  for (let step = 0; step < 3; step++) {
    decoding.submitStep();
    await decoding.read();
  }
  const after = gpuCounters();
  expect(after.submissions - before.submissions).toBe(3);
  expect(after.readbacks - before.readbacks).toBe(3);
  const inLayers = (after.dispatches - before.dispatches) / 3 - DISPATCHES_OUTSIDE_LAYERS;
  expect(inLayers / model.config.layers).toBeLessThanOrEqual(6);
  decoding.dispose();
});

test('draws the tokens of the CPU from the same logits and random numbers', async () => {
  const distribution = { temperature: 1.3, topK: 40, topP: 0.9 };
  const decoding = new Decoding(model, prompt.length, { ...distribution, seed: 5, maxNewTokens: 8 });
  const random = seeded(5);
  const cache = model.createCache();
  decoding.submitPrompt(prompt);
  let next = prompt;
  for (let count = 0; count < 8; count++) {
    if (count > 0) decoding.submitStep();
    const id = await decoding.read();
    const logits = model.extend(next, cache);
    expect(id).toBe(sample(await readFloats(logits), distribution, Math.fround(random())));
    logits.dispose();
    next = Int32Array.of(id);
  }
  cache.dispose();
  decoding.dispose();
});

test('frees all memory, also with pending steps', async () => {
  const before = { tensors: tf.memory().numTensors, bytes: gpuMemory().usedBytes };
  const decoding = new Decoding(model, prompt.length, { temperature: 0.7, maxNewTokens: 8 });
  decoding.submitPrompt(prompt);
  decoding.submitStep();
  decoding.submitStep();
  await decoding.read();
  decoding.dispose();
  expect({ tensors: tf.memory().numTensors, bytes: gpuMemory().usedBytes }).toEqual(before);
});
