import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { openNodeGpu } from '../engines/webgpu/node-gpu';
import { readFloats } from '../engines/webgpu/transfer';
import type { TrainingBatch } from '../model/gradients/sequence-losses';
import { expectAllClose } from '../testing/allclose';
import { withTinyStudent } from '../testing/tiny-student';
import { batchGradients, disposeGradients } from './batch-gradients';
import { fineTuning } from './fine-tuning-objective';
import type { Objective } from './objective';

beforeAll(() => openNodeGpu());

const batch: TrainingBatch = {
  ids: Int32Array.of(5, 9, 11, 30, 6, 8, 7, 7, 12, 13, 14, 15),
  batch: 3,
  length: 4,
  lengths: [4, 2, 4],
  targets: Int32Array.of(9, 11, 30, -1, 8, -1, -1, -1, 13, 14, 15, -1),
};

/** 2·mean of the targets times Σ w² over the first parameter: its gradient is 4·mean·w, all others are 0. */
const ofFirstParameter: Objective = {
  prepare: ({ targets }) => ({ factor: tf.scalar(2 * meanOf(targets)) }),
  loss: (student, _, prepared) => {
    const { factor } = prepared as { factor: tf.Scalar };
    const { tensor } = (student as unknown as { parameters: { tensor: tf.Tensor }[] }).parameters[0];
    return tf.mul(tf.sum(tf.square(tensor)), factor);
  },
};
const meanOf = (targets: Int32Array) => {
  const real = [...targets].filter((target) => target >= 0);
  return real.reduce((sum, target) => sum + target, 0) / real.length;
};

describe.each([1, 2, 3])('in %i parts', (parts) => {
  test('the mean over all targets, in closed form', () =>
    withTinyStudent(async (student) => {
      const found = batchGradients(student, ofFirstParameter, batch, parts);
      const values = await readFloats(student.parameters[0].tensor);
      const mean = meanOf(batch.targets);
      const expected = values.map((value) => 4 * mean * value);
      expectAllClose(await readFloats(found.gradients[0]), expected, { absolute: 1e-6, relative: 1e-5 });
      const loss = 2 * mean * values.reduce((sum, value) => sum + value ** 2, 0);
      expectAllClose(await readFloats(found.loss), [loss], { absolute: 0, relative: 1e-5 });
      disposeGradients(found);
    }));

  test('a parameter that does not affect the loss has a gradient of zeros', () =>
    withTinyStudent(async (student) => {
      const found = batchGradients(student, ofFirstParameter, batch, parts);
      for (const [index, { tensor }] of student.parameters.entries()) {
        const gradient = found.gradients[index];
        expect(gradient.shape).toEqual(tensor.shape);
        if (index > 0) expect((await readFloats(gradient)).every((value) => value === 0)).toBe(true);
      }
      disposeGradients(found);
    }));
});

test('a throwing objective leaks nothing, and the next gradient is correct', () =>
  withTinyStudent(async (student) => {
    const before = tf.memory().numTensors;
    const failing: Objective = {
      loss: (...args) => {
        fineTuning.loss(...args);
        throw new Error('Not this one.');
      },
    };
    expect(() => batchGradients(student, failing, batch, 2)).toThrow('Not this one.');
    expect(tf.memory().numTensors).toBe(before);
    const found = batchGradients(student, ofFirstParameter, batch, 1);
    expect((await readFloats(found.gradients[0])).some((value) => value !== 0)).toBe(true);
    disposeGradients(found);
  }));
