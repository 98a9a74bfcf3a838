import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { openNodeGpu } from '../engines/webgpu/node-gpu';
import { readTensorBytes, uploadTensor } from '../engines/webgpu/transfer';
import { countingSequences } from '../testing/counting-sequences';
import { MemoryTrainingStates } from '../testing/memory-training-states';
import { TINY_RUN, TINY_VOCABULARY, valuesOf, withTinyStudent } from '../testing/tiny-student';
import { fineTuning } from './fine-tuning-objective';
import type { HookState, StepHooks } from './step-hooks';
import { type RunContext, train } from './train';
import type { TrainingPoint, TrainingStates } from './training-context';
import type { TrainingSettings } from './training-settings';

beforeAll(() => openNodeGpu());

const data = countingSequences(TINY_VOCABULARY);
const settings: TrainingSettings = { ...TINY_RUN, keepStateEvery: 3 };

/** Trains a new student: its curve, notes, and final values. */
function runOnce(context: Partial<RunContext> = {}, hooks: StepHooks = {}, changed = settings) {
  const points: TrainingPoint[] = [];
  return withTinyStudent(async (student) => {
    const onPoint = (point: TrainingPoint) => points.push(point);
    const outcome = await train(student, fineTuning, changed, { data, onPoint, ...context }, hooks);
    return { outcome, points, values: await valuesOf(student) };
  });
}

/** Interrupts a run before a step, as a closed tab would. */
async function breakOff(states: TrainingStates, before: number, hooks: StepHooks = {}): Promise<void> {
  const broken = new Error('The tab was closed.');
  const beforeStep = (step: number) => {
    if (step === before) throw broken;
    return hooks.beforeStep?.(step);
  };
  await expect(runOnce({ states }, { ...hooks, beforeStep })).rejects.toBe(broken);
}

const curveOf = (points: readonly TrainingPoint[]) =>
  points.map(({ step, trainingLoss, heldOutLoss, learningRate, tokens }) => {
    return { step, trainingLoss, heldOutLoss, learningRate, tokens };
  });
const notesOf = (points: readonly TrainingPoint[]) =>
  points.flatMap(({ step, note }) => (note === undefined ? [] : [[step, note]]));

describe('an interrupted run', () => {
  test.each([4, 6, 11])('before step %i resumes from its state, equal to the bit', async (before) => {
    const whole = await runOnce();
    const states = new MemoryTrainingStates();
    await breakOff(states, before);
    const resumed = await runOnce({ states });
    expect(curveOf(resumed.points)).toEqual(curveOf(whole.points));
    expect(resumed.values).toEqual(whole.values);
    expect(resumed.outcome).toEqual(whole.outcome);
    const kept = before - (before % 3);
    expect(notesOf(resumed.points)).toEqual([[kept + 1, `The run resumed at step ${kept}.`]]);
    expect(states.bytes).toBeUndefined();
  });

  test('before its first save starts again', async () => {
    const whole = await runOnce();
    const states = new MemoryTrainingStates();
    await breakOff(states, 2);
    const resumed = await runOnce({ states });
    expect(resumed.values).toEqual(whole.values);
    expect(notesOf(resumed.points)).toEqual([]);
  });

  test('restores the state of its method', async () => {
    const states = new MemoryTrainingStates();
    const mask = uploadTensor(Int32Array.of(1, 0, 7), [3]);
    const hooks: StepHooks = { state: () => ({ tensors: { mask }, json: { phase: 'second' } }) };
    await breakOff(states, 4, hooks);
    mask.dispose();
    let restored: HookState = {};
    await runOnce({ states }, { restore: (state) => void (restored = state) });
    expect(restored.json).toEqual({ phase: 'second' });
    const { mask: read } = restored.tensors!;
    expect([...new Int32Array(await readTensorBytes(read))]).toEqual([1, 0, 7]);
    tf.dispose(read);
  });
});

describe('a state that cannot be resumed', () => {
  test('from an incomplete write: the run starts again and says so', async () => {
    const states = new MemoryTrainingStates();
    await breakOff(states, 4);
    states.bytes = states.bytes!.subarray(0, states.bytes!.length >> 1);
    const { points, outcome } = await runOnce({ states });
    expect(outcome.stoppedBecause).toBe('done');
    expect(notesOf(points)).toEqual([[0, expect.stringMatching(/started again.*is incomplete/)]]);
  });

  test('from other settings: the run starts again and says so', async () => {
    const states = new MemoryTrainingStates();
    await breakOff(states, 4);
    const { points } = await runOnce({ states }, {}, { ...settings, peakLearningRate: 1e-3 });
    expect(notesOf(points)).toEqual([[0, expect.stringMatching(/started again.*other settings/)]]);
  });
});

test('full storage does not end the run, which says so once', async () => {
  class FullStates extends MemoryTrainingStates {
    override write(): Promise<void> {
      this.writes++;
      return Promise.reject(new Error('The quota is exceeded.'));
    }
  }
  const states = new FullStates();
  const { points, outcome } = await runOnce({ states });
  expect(outcome.stoppedBecause).toBe('done');
  expect(states.writes).toBe(1);
  expect(notesOf(points)).toEqual([[4, expect.stringContaining('The quota is exceeded.')]]);
});
