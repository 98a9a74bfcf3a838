import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { openNodeGpu } from '../engines/webgpu/node-gpu';
import { uploadTensor } from '../engines/webgpu/transfer';
import { readRun, runFingerprint, writeRun } from './training-state';
import type { TrainingSettings } from './training-settings';

beforeAll(() => openNodeGpu());

const values = Float32Array.of(0.1, -2.5e-30, 3e20, 4, 5, 6);
const progress = { step: 7, points: [{ step: 1, trainingLoss: 2.125 }] };

async function written(fingerprint = 'abc'): Promise<Uint8Array> {
  const tensors = new Map<string, tf.Tensor>([
    ['parameter/a', uploadTensor(values, [2, 3])],
    ['own/mask', uploadTensor(Int32Array.of(-1, 2 ** 31 - 1), [2])],
  ]);
  const bytes = await writeRun(fingerprint, progress, tensors);
  tf.dispose([...tensors.values()]);
  return bytes;
}

test('restores every tensor to the bit and the progress', async () => {
  const { progress: read, tensors } = await readRun(await written(), 'abc');
  expect(read).toEqual(progress);
  const { dtype, shape, bytes } = tensors.get('parameter/a')!;
  expect([dtype, shape]).toEqual(['F32', [2, 3]]);
  expect([...new Float32Array(bytes.slice().buffer)]).toEqual([...values]);
  expect([...new Int32Array(tensors.get('own/mask')!.bytes.slice().buffer)]).toEqual([-1, 2 ** 31 - 1]);
});

test('tensors read back in several parts keep their order', async () => {
  const sizes = [5, 3_000_000, 7, 2_000_000, 6_000_000, 1];
  const tensors = new Map(sizes.map((size, index) => [`tensor-${index}`, tf.fill([size], index + 1)]));
  const stored = await readRun(await writeRun('abc', progress, tensors), 'abc');
  sizes.forEach((size, index) => {
    const found = new Float32Array(stored.tensors.get(`tensor-${index}`)!.bytes.slice().buffer);
    expect([found.length, found[0], found[size - 1]]).toEqual([size, index + 1, index + 1]);
  });
  tf.dispose([...tensors.values()]);
});

describe('refuses', () => {
  test.each([0, 1, 31, 32, 40, 200])('a state with only %i bytes written', async (count) => {
    await expect(readRun((await written()).subarray(0, count), 'abc')).rejects.toThrow('is incomplete');
  });

  test('a state with any one bit changed', async () => {
    const bytes = await written();
    for (const index of [3, 40, 100, bytes.length - 1]) {
      const changed = bytes.slice();
      changed[index] ^= 1;
      await expect(readRun(changed, 'abc')).rejects.toThrow('changed since');
    }
  });

  test('a state of another run', async () => {
    await expect(readRun(await written('other'), 'abc')).rejects.toThrow('belongs to other settings');
  });
});

test('a fingerprint changes with every setting, name, shape and the text, not with the order of settings', async () => {
  const settings: TrainingSettings = {
    steps: 10,
    batchSize: 2,
    sequenceLength: 8,
    accumulation: 1,
    peakLearningRate: 1e-3,
    warmupSteps: 2,
    learningRateSchedule: 'cosine',
    finalShare: 0.1,
    decayShare: 0.2,
    cosineCycles: 4,
    beta1: 0.9,
    beta2: 0.98,
    weightDecay: 0.05,
    clipping: 1,
    seed: 0,
    evaluateEvery: 5,
    keepStateEvery: 5,
  };
  const tensor = tf.zeros([2, 3]);
  const wide = tf.zeros([3, 2]);
  const parameters = [{ name: 'a', tensor, decays: true }];
  const of = (changed: Partial<TrainingSettings>, others = parameters, text = 'tales') =>
    runFingerprint({ ...settings, ...changed }, others, text);
  const found = [
    await of({}),
    await of({ seed: 1 }),
    await of({ steps: 11 }),
    await of({}, [{ ...parameters[0], name: 'b' }]),
    await of({}, [{ ...parameters[0], tensor: wide }]),
    await of({}, parameters, 'news'),
  ];
  expect(new Set(found).size).toBe(found.length);
  const reversed = Object.fromEntries(Object.entries(settings).reverse()) as unknown as TrainingSettings;
  expect(await runFingerprint(reversed, parameters, 'tales')).toBe(found[0]);
  tf.dispose([tensor, wide]);
});
