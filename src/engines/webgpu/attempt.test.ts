import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { emptyTensor, readFloats } from './transfer';
import { attempt } from './attempt';
import { currentGpu } from './device';
import { openNodeGpu } from './node-gpu';

beforeAll(() => openNodeGpu());

test('work that the GPU can do gives its result', async () => {
  const { result, problem } = await attempt(() => tf.tidy(() => tf.add(tf.scalar(2), 3)));
  expect(problem).toBeUndefined();
  expect([...(await readFloats(result!))]).toEqual([5]);
  result!.dispose();
});

test('a buffer beyond the limit of the device is a problem, and the next work knows nothing of it', async () => {
  const { device } = currentGpu();
  const tooLarge = () =>
    device.createBuffer({ size: device.limits.maxBufferSize + 4, usage: GPUBufferUsage.STORAGE });
  expect((await attempt(tooLarge)).problem).toMatch(/size/i);
  expect((await attempt(() => 7)).problem).toBeUndefined();
});

test('a tensor that no buffer can hold is a problem; any other error passes through', async () => {
  const elements = currentGpu().device.limits.maxStorageBufferBindingSize / 4 + 1;
  expect((await attempt(() => emptyTensor([elements]))).problem).toContain('in one buffer');
  const broken = () => {
    throw new Error('Not the GPU.');
  };
  await expect(attempt(broken)).rejects.toThrow('Not the GPU.');
  expect((await attempt(() => 7)).problem).toBeUndefined();
});
