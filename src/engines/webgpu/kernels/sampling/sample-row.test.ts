import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { currentGpu } from '../../device';
import { openNodeGpu } from '../../node-gpu';
import { record, submitEncoded } from '../../recording';
import { readTensorBytes, readTensorsBytes, uploadTensor, writeElements } from '../../transfer';
import { probabilities, sample } from '../../../../model/generation/sampling';
import { seededNormal, seededRandom } from '../../../../testing/allclose';
import { sampleRow, type SamplingDistribution } from './sample-row';

beforeAll(() => openNodeGpu());

/** Tolerance for float32 against float64: draws this close to the boundary of two tokens may give either. */
const BOUNDARY = 2e-6;

const row = (values: Float32Array) => uploadTensor(values, [1, values.length]);
const vector = (values: Float32Array | Int32Array) => uploadTensor(values, [values.length]);

async function sampleAll(
  logits: Float32Array,
  draws: Float32Array,
  distribution: SamplingDistribution,
): Promise<number[]> {
  const [x, uniform] = [row(logits), vector(draws)];
  const steps = Array.from(draws, (_, index) => vector(Int32Array.of(index)));
  const drawn = steps.map((step) => sampleRow(x, uniform, step, distribution));
  const ids = (await readTensorsBytes(drawn)).map((bytes) => new Int32Array(bytes)[0]);
  tf.dispose([x, uniform, ...steps, ...drawn]);
  return ids;
}

/** Each id must be kept in float64 and cover the interval of [0, 1) that contains the draw. */
async function expectSampled(
  logits: Float32Array,
  draws: Float32Array,
  distribution: SamplingDistribution,
): Promise<void> {
  const ids = await sampleAll(logits, draws, distribution);
  const expected = probabilities(logits, distribution);
  const ends = new Float64Array(expected.length);
  expected.reduce((sum, probability, id) => (ends[id] = sum + probability), 0);
  ids.forEach((id, index) => {
    const message = `draw ${draws[index]} of ${JSON.stringify(distribution)} took ${id}`;
    expect(expected[id], message).toBeGreaterThan(0);
    expect(draws[index], message).toBeGreaterThanOrEqual(ends[id] - expected[id] - BOUNDARY);
    expect(draws[index], message).toBeLessThanOrEqual(ends[id] + BOUNDARY);
  });
}

const manyDraws = (count: number, seed: number) =>
  Float32Array.from([0, 1 - 2 ** -24, ...Array.from({ length: count - 2 }, seededRandom(seed))]);

const DISTRIBUTIONS: readonly SamplingDistribution[] = [
  { temperature: 1 },
  { temperature: 0.7 },
  { temperature: 4 },
  { temperature: 1, topK: 5 },
  { temperature: 1.5, topK: 40 },
  { temperature: 1, topK: 100_000 },
  { temperature: 1, topP: 0.9 },
  { temperature: 1, topP: 0.3 },
  { temperature: 2, topP: 0.99 },
  { temperature: 0.8, topK: 40, topP: 0.9 },
  { temperature: 2, topK: 3, topP: 0.8 },
  { temperature: 1, topK: 1024 },
  { temperature: 1, topK: 1025, topP: 0.95 },
  { temperature: 1, topP: 1 },
];

// Both workgroup sizes, on any adapter.
describe.each([
  ['software adapters', true, 16],
  ['hardware', false, 6],
])('as for %s', (_, isFallback, count) => {
  let actual: boolean;
  beforeAll(() => {
    const { description } = currentGpu();
    actual = description.isFallback;
    Object.assign(description, { isFallback });
  });
  afterAll(() => Object.assign(currentGpu().description, { isFallback: actual }));

  test.each([7, 300, 50257])(
    'draws from a vocabulary of %i own their stretch of the float64 distribution',
    async (vocabulary) => {
      for (const spread of [0.5, 5]) {
        const logits = seededNormal(vocabulary, vocabulary).map((value) => value * spread);
        for (const [index, distribution] of DISTRIBUTIONS.entries()) {
          await expectSampled(logits, manyDraws(count, index), distribution);
        }
      }
    },
  );

  test('the same inputs give the same tokens again', async () => {
    const logits = seededNormal(50257, 1);
    const draws = manyDraws(8, 1);
    const distribution = { temperature: 1, topP: 0.9 };
    const once = await sampleAll(logits, draws, distribution);
    expect(await sampleAll(logits, draws, distribution)).toEqual(once);
  });
});

test('equal logits, zeros of both signs among them: the lowest ids are kept', async () => {
  const draws = manyDraws(20, 2);
  // Few distinct values, so that both cuts fall among many equal ones; a set of the flat logits reaches topP exactly.
  const levels = seededNormal(3000, 4).map(Math.round);
  const zeros = Float32Array.from({ length: 600 }, (_, id) => (id % 2 === 0 ? -0 : 0));
  const flat = new Float32Array(1000).fill(-3.5);
  for (const logits of [levels, zeros, flat]) {
    for (const distribution of [
      { temperature: 1, topK: 300 },
      { temperature: 1, topK: 501, topP: 0.75 },
      { temperature: 0.5, topP: 0.6 },
    ]) {
      await expectSampled(logits, draws, distribution);
    }
  }
});

test('a cut that keeps one token takes the most likely, the first of equals, whatever the draw', async () => {
  const logits = seededNormal(300, 9);
  logits[20] = logits[250] = 7;
  const draws = Float32Array.from([0, 0.5, 1 - 2 ** -24, 1]);
  for (const cut of [{ topK: 1 }, { topK: 0 }, { topP: 1e-6 }, { topP: 0 }, { topK: 9, topP: 0.1 }]) {
    expect(await sampleAll(logits, draws, { temperature: 1, ...cut })).toEqual([20, 20, 20, 20]);
  }
  // A low temperature leaves only the two equal maxima.
  const ids = await sampleAll(logits, draws, { temperature: 1e-3 });
  expect(ids).toEqual([20, 250, 250, 250]);
});

test('logits of minus infinity are never drawn', async () => {
  const logits = new Float32Array(40).fill(-Infinity);
  logits[3] = logits[30] = -1;
  expect(await sampleAll(logits, Float32Array.of(0, 0.49, 0.51, 1), { temperature: 1 })).toEqual([
    3, 3, 30, 30,
  ]);
});

test('a recorded launch takes the draw of the step that is there when it is replayed', async () => {
  const values = seededNormal(300, 2);
  const draws = manyDraws(8, 3);
  const distribution = { temperature: 1.2, topK: 100, topP: 0.95 };
  const [logits, uniform, step] = [row(values), vector(draws), vector(Int32Array.of(0))];
  const { result: drawn, recording } = record(() => sampleRow(logits, uniform, step, distribution));
  expect([recording.length, recording.isComplete]).toEqual([1, true]);
  const ids: number[] = [];
  for (let index = 0; index < draws.length; index++) {
    writeElements(step, 0, Int32Array.of(index));
    const encoder = currentGpu().device.createCommandEncoder();
    recording.encode(encoder);
    submitEncoded(encoder);
    ids.push(new Int32Array(await readTensorBytes(drawn))[0]);
  }
  expect(ids).toEqual(Array.from(draws, (draw) => sample(values, distribution, draw)));
  recording.dispose();
  tf.dispose([logits, uniform, step, drawn]);
});

test('a temperature of 0 is refused', () => {
  const [logits, draws, step] = [
    row(Float32Array.of(1, 2)),
    vector(Float32Array.of(0.5)),
    vector(Int32Array.of(0)),
  ];
  expect(() => sampleRow(logits, draws, step, { temperature: 0 })).toThrow('a temperature above 0');
  tf.dispose([logits, draws, step]);
});
