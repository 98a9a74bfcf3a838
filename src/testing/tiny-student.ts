import { loadModel } from '../model/load-model';
import { TrainableModel } from '../train/trainable-model';
import type { TrainingSettings } from '../train/training-settings';
import { openFolder } from './folder-checkpoint';
import { readFloats } from '../engines/webgpu/transfer';

/** Settings of a short run for a tiny model. */
export const TINY_RUN: TrainingSettings = {
  steps: 12,
  batchSize: 4,
  sequenceLength: 10,
  accumulation: 1,
  peakLearningRate: 5e-3,
  warmupSteps: 3,
  learningRateSchedule: 'cosine',
  finalShare: 0.1,
  decayShare: 0.2,
  cosineCycles: 4,
  beta1: 0.9,
  beta2: 0.98,
  weightDecay: 0.05,
  clipping: 1,
  seed: 5,
  evaluateEvery: 4,
  keepStateEvery: 4,
};

/** Vocabulary size of the tiny GPT-2. */
export const TINY_VOCABULARY = 97;

/** Runs a test with a student made from the tiny GPT-2, then disposes of it. */
export async function withTinyStudent<T>(check: (student: TrainableModel) => Promise<T>): Promise<T> {
  const model = await loadModel(await openFolder('src/testing/fixtures/tiny-gpt2'));
  const student = await TrainableModel.of(model);
  model.dispose();
  try {
    return await check(student);
  } finally {
    student.dispose();
  }
}

/** Values of a student's parameters by name. */
export async function valuesOf(student: TrainableModel): Promise<Record<string, Float32Array>> {
  const values: Record<string, Float32Array> = {};
  for (const { name, tensor } of student.parameters) values[name] = await readFloats(tensor);
  return values;
}
