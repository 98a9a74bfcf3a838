import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { applyEpilogue } from './kernels/products/bias-activation';
import { currentGpu } from './device';
import { openNodeGpu } from './node-gpu';
import { record, submitEncoded } from './recording';
import { readFloats, uploadTensor, writeElements } from './transfer';

beforeAll(() => openNodeGpu());

const matrix = (...values: number[]) => uploadTensor(Float32Array.from(values), [1, values.length]);

test('a replay reads what stands in its tensors now', async () => {
  const before = tf.memory().numTensors;
  const [x, bias] = [matrix(1, 2, 3), uploadTensor(Float32Array.of(10, 20, 30), [3])];
  const { result, recording } = record(() => applyEpilogue(() => x.clone(), { bias }));
  expect([...(await readFloats(result))]).toEqual([11, 22, 33]);
  writeElements(x, 0, Float32Array.of(5, 5, 5));
  const encoder = currentGpu().device.createCommandEncoder();
  recording.encode(encoder);
  submitEncoded(encoder);
  expect([...(await readFloats(result))]).toEqual([15, 25, 35]);
  expect(recording.isComplete).toBe(true);
  recording.dispose();
  tf.dispose([x, bias, result]);
  expect(tf.memory().numTensors).toBe(before);
});

test('buffers of a recording go to nobody else', async () => {
  const [x, bias] = [matrix(1, 2, 3), uploadTensor(Float32Array.of(1, 1, 1), [3])];
  const { result, recording } = record(() =>
    tf.tidy(() => applyEpilogue(() => applyEpilogue(() => x.clone(), { bias }), { bias })),
  );
  // Would reuse a free buffer of the same size.
  const other = matrix(7, 7, 7);
  const encoder = currentGpu().device.createCommandEncoder();
  recording.encode(encoder);
  submitEncoded(encoder);
  expect([...(await readFloats(other))]).toEqual([7, 7, 7]);
  expect([...(await readFloats(result))]).toEqual([3, 4, 5]);
  recording.dispose();
  tf.dispose([x, bias, result, other]);
});

test("tfjs's own ops cannot be replayed, and the recording says so", () => {
  const x = matrix(1, 2, 3);
  const { result, recording } = record(() => x.exp());
  expect(recording.isComplete).toBe(false);
  recording.dispose();
  tf.dispose([x, result]);
});

test('work that fails leaves nothing behind', () => {
  const before = tf.memory().numTensors;
  const fails = () =>
    tf.tidy(() => {
      const x = matrix(1, 2, 3);
      applyEpilogue(() => x, { activation: 'relu' });
      throw new Error('half way');
    });
  expect(() => record(fails)).toThrow('half way');
  expect(tf.memory().numTensors).toBe(before);
  expect(record(() => 1).result).toBe(1);
});
