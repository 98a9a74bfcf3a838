import * as tf from '@tensorflow/tfjs';
import { beforeEach, expect, test } from 'vitest';
import { freeBytes, releaseFreeBuffers } from '../engines/webgpu/memory';
import { openNodeGpu } from '../engines/webgpu/node-gpu';
import { emptyTensor } from '../engines/webgpu/transfer';
import { countingSequences } from '../testing/counting-sequences';
import { TINY_RUN, TINY_VOCABULARY, withTinyStudent } from '../testing/tiny-student';
import { fineTuning } from './fine-tuning-objective';
import { StepBuffers } from './step-buffers';
import { train } from './train';
import type { TrainingData } from './training-context';

beforeEach(async () => {
  await openNodeGpu();
  releaseFreeBuffers();
});

/** Bytes that a step of one length leaves free. */
function leave(length: number): void {
  tf.dispose([1, 2, 3].map((share) => emptyTensor([share, length])));
}

test('steps of varying lengths leave at most twice the buffers of the longest', () => {
  const buffers = new StepBuffers();
  buffers.begin();
  const longest = 4 * 6 * 2048;
  for (let step = 0; step < 60; step++) {
    leave(1024 + ((step * 397) % 1024));
    buffers.limit();
    expect(freeBytes()).toBeLessThanOrEqual(2 * longest);
  }
  releaseFreeBuffers();
});

test('steps of one length reuse their buffers', () => {
  const buffers = new StepBuffers();
  buffers.begin();
  leave(1024);
  buffers.limit();
  const free = freeBytes();
  expect(free).toBeGreaterThan(0);
  for (let step = 0; step < 5; step++) {
    leave(1024);
    buffers.limit();
    expect(freeBytes()).toBe(free);
  }
  releaseFreeBuffers();
});

test('a run on sequences of many lengths holds about as much memory as one on the longest alone', async () => {
  const counting = countingSequences(TINY_VOCABULARY);
  const settings = { ...TINY_RUN, batchSize: 16, steps: 20, evaluateEvery: 20 };
  const peakWith = async (lengthOf: (step: number) => number): Promise<number> => {
    const batch: TrainingData['batch'] = (step, size, _, seed) =>
      counting.batch(step, size, lengthOf(step), seed);
    let peak = 0;
    const beforeStep = () => void (peak = Math.max(peak, freeBytes()));
    await withTinyStudent((student) =>
      train(student, fineTuning, settings, { data: { ...counting, batch } }, { beforeStep }),
    );
    return peak;
  };
  const ofLongest = await peakWith(() => 30);
  const ofMany = await peakWith((step) => 30 - step);
  expect(ofMany).toBeLessThan(2.5 * ofLongest);
});
