import { expect, test } from 'vitest';
import { closeGpu } from '../engines/webgpu/device';
import { openNodeGpu } from '../engines/webgpu/node-gpu';
import { countingSequences } from '../testing/counting-sequences';
import { MemoryTrainingStates } from '../testing/memory-training-states';
import { TINY_RUN, TINY_VOCABULARY, withTinyStudent } from '../testing/tiny-student';
import { fineTuning } from './fine-tuning-objective';
import type { StepHooks } from './step-hooks';
import { train } from './train';
import type { TrainingPoint, TrainingStates } from './training-context';

const data = countingSequences(TINY_VOCABULARY);

async function runOnce(states?: TrainingStates, hooks: StepHooks = {}) {
  await openNodeGpu();
  return withTinyStudent(async (student) => {
    const points: TrainingPoint[] = [];
    const onPoint = (point: TrainingPoint) => points.push(point);
    await train(student, fineTuning, TINY_RUN, { data, states, onPoint }, hooks);
    return points.map(({ step, trainingLoss, heldOutLoss }) => ({ step, trainingLoss, heldOutLoss }));
  });
}

test('a run fails when its device is lost and resumes with the same curve on the next device', async () => {
  const whole = await runOnce();
  const states = new MemoryTrainingStates();
  const beforeStep = (step: number) => {
    if (step === 6) closeGpu();
  };
  await expect(runOnce(states, { beforeStep })).rejects.toThrow('No graphics device is open');
  expect(states.bytes).toBeDefined();
  expect(await runOnce(states)).toEqual(whole);
  expect(states.bytes).toBeUndefined();
});
