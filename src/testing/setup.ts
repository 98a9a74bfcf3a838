import * as tf from '@tensorflow/tfjs';
import { afterAll, afterEach, beforeEach, expect } from 'vitest';
import { closeGpu } from '../engines/webgpu/device';

let tensorsBefore = 0;

beforeEach(() => {
  tensorsBefore = tf.memory().numTensors;
});

// Ownership is part of every test: a tensor that a test leaves behind is a leak in the code or in the test.
afterEach(() => {
  expect(tf.memory().numTensors, 'tensors alive after the test, against before it').toBe(tensorsBefore);
});

afterAll(() => closeGpu());
