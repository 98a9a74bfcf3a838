import { expect, test } from 'vitest';
import { z } from 'zod';
import { describeParameters } from '../../parameters/describe-parameters';
import { trainingParameters } from '../../train/training-settings';
import { METHODS } from '../methods';
import { trainingSettings } from './run-settings';

const schema = z.strictObject(trainingParameters());

test('the defaults of a run are those of the figures, with shorter sequences where the context is shorter', () => {
  const settings = trainingSettings('a-method', schema.parse({}), { contextLength: 1024 });
  expect(settings).toEqual({
    steps: 400,
    batchSize: 16,
    sequenceLength: 256,
    accumulation: 1,
    peakLearningRate: 0.0012,
    warmupSteps: 30,
    learningRateSchedule: 'cosine',
    finalShare: 0.03,
    decayShare: 0.2,
    cosineCycles: 4,
    beta1: 0.9,
    beta2: 0.98,
    weightDecay: 0.05,
    clipping: 1,
    seed: 0,
    evaluateEvery: 50,
    keepStateEvery: 50,
  });
  expect(trainingSettings('a-method', schema.parse({}), { contextLength: 128 }).sequenceLength).toBe(128);
});

test('settings that do not fit are refused in one sentence', () => {
  const settings = (parameters: object) =>
    trainingSettings('a-method', schema.parse(parameters), { contextLength: 128 });
  expect(() => settings({ sequenceLength: 129 })).toThrow(
    'a-method cannot train on sequences of 129 tokens: this model has 128 positions; use a "sequenceLength" of at most 128.',
  );
  expect(() => settings({ batchSize: 4, accumulation: 5 })).toThrow('use an "accumulation" of at most 4');
});

test('every method that trains offers all settings', () => {
  const training = METHODS.filter((method) => 'trains' in method);
  expect(training.length).toBeGreaterThan(0);
  for (const { id, schema } of training) {
    const { peakLearningRate } = schema.shape;
    const expected = trainingParameters({ peakLearningRate: peakLearningRate.parse(undefined) as number });
    expect(describeParameters(schema), id).toMatchObject(describeParameters(z.object(expected)));
  }
});
