import * as tf from '@tensorflow/tfjs';
import { afterAll, afterEach, beforeEach, expect } from 'vitest';
import { isGpuOpen } from '../engines/webgpu/device';
import { releaseFreeBuffers } from '../engines/webgpu/memory';

let tensorsBefore = 0;

beforeEach(() => {
  tensorsBefore = tf.memory().numTensors;
});

// Every test checks ownership: a tensor alive after a test is a leak in the code or in the test.
afterEach(() => {
  expect(tf.memory().numTensors, 'tensors alive after the test, against before it').toBe(tensorsBefore);
});

// The device stays for the next file of this process: on a new one every kernel is compiled anew.
afterAll(() => {
  if (isGpuOpen()) releaseFreeBuffers();
});
