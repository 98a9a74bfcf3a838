import { beforeAll, describe, expect, test } from 'vitest';
import { gpuMemory } from '../engines/webgpu/memory';
import { openNodeGpu } from '../engines/webgpu/node-gpu';
import { countingSequences } from '../testing/counting-sequences';
import { MemoryTrainingStates } from '../testing/memory-training-states';
import { TINY_RUN, TINY_VOCABULARY, valuesOf, withTinyStudent } from '../testing/tiny-student';
import { fineTuning } from './fine-tuning-objective';
import { heldOutLoss } from './held-out-loss';
import { LearningRates } from './learning-rate';
import type { StepHooks } from './step-hooks';
import { type RunContext, train } from './train';
import type { TrainableModel } from './trainable-model';
import type { TrainingPoint } from './training-context';

beforeAll(() => openNodeGpu());

const data = countingSequences(TINY_VOCABULARY);

/** Runs with these settings and collects the points. */
async function run(
  student: TrainableModel,
  settings: Partial<typeof TINY_RUN> = {},
  context: Partial<RunContext> = {},
  hooks: StepHooks = {},
) {
  const points: TrainingPoint[] = [];
  const onPoint = (point: TrainingPoint) => points.push(point);
  const all = { ...TINY_RUN, ...settings };
  const outcome = await train(student, fineTuning, all, { data, onPoint, ...context }, hooks);
  return { outcome, points };
}

const curveOf = (points: readonly TrainingPoint[]) =>
  points.map(({ step, trainingLoss, heldOutLoss, learningRate, tokens }) => {
    return { step, trainingLoss, heldOutLoss, learningRate, tokens };
  });
const measured = (student: TrainableModel) =>
  heldOutLoss(student, fineTuning, data.heldOut(TINY_RUN.batchSize, TINY_RUN.sequenceLength));

test('a run lowers the held-out loss, publishes one point per update and leaks nothing', () =>
  withTinyStudent(async (student) => {
    const before = await measured(student);
    const { usedBytes } = gpuMemory();
    const shares: number[] = [];
    const { outcome, points } = await run(student, {}, { onProgress: (share) => shares.push(share) });
    expect(outcome).toMatchObject({ steps: 12, bestStep: 12, stoppedBecause: 'done' });
    expect(outcome.heldOutLoss).toBeLessThan(before - 0.3);
    expect(await measured(student)).toBeCloseTo(outcome.heldOutLoss, 5);
    expect(points.map(({ step }) => step)).toEqual(Array.from({ length: 13 }, (_, step) => step));
    expect(points[0].heldOutLoss).toBeCloseTo(before, 5);
    const withHeldOut = points.filter((point) => point.heldOutLoss !== undefined);
    expect(withHeldOut.map(({ step }) => step)).toEqual([0, 4, 8, 12]);
    expect(points[12]).toMatchObject({ steps: 12, tokens: 12 * 4 * 10 });
    expect(points.slice(1).every(({ tokensPerSecond }) => tokensPerSecond > 0)).toBe(true);
    expect(points.every(({ note }) => note === undefined)).toBe(true);
    expect(shares.at(-1)).toBe(1);
    expect(gpuMemory().usedBytes).toBe(usedBytes);
  }));

test('a repeated run has the same curve to the bit, another seed another curve', () =>
  withTinyStudent(async (student) => {
    const first = curveOf((await run(student)).points);
    const again = await withTinyStudent((other) => run(other));
    expect(curveOf(again.points)).toEqual(first);
    const others = await withTinyStudent((other) => run(other, { seed: 6 }));
    expect(others.points[1].trainingLoss).not.toBe(first[1].trainingLoss);
  }));

test('parts of a batch add up to the whole', () =>
  withTinyStudent(async (student) => {
    const whole = await run(student);
    const inParts = await withTinyStudent((other) => run(other, { accumulation: 3 }));
    whole.points.forEach(({ trainingLoss = 0 }, index) =>
      expect(inParts.points[index].trainingLoss ?? 0).toBeCloseTo(trainingLoss, 4),
    );
  }));

test('updates use the learning rates of the schedule', () =>
  withTinyStudent(async (student) => {
    const settings = { learningRateSchedule: 'cosine-restarts', cosineCycles: 3 } as const;
    const { points } = await run(student, settings);
    const expected = new LearningRates({ ...TINY_RUN, ...settings });
    expect(points.slice(1).map(({ learningRate }) => learningRate)).toEqual(
      Array.from({ length: 12 }, (_, step) => expected.at(step)),
    );
  }));

test('the best parameters are restored if the held-out loss rises in the end', () =>
  withTinyStudent(async (student) => {
    const losses = [5, 3, 4, 6];
    const seen: Record<string, Float32Array>[] = [];
    const hooks: StepHooks = {
      heldOutLoss: async () => {
        seen.push(await valuesOf(student));
        return losses[seen.length - 1];
      },
    };
    const { outcome } = await run(student, {}, {}, hooks);
    expect(outcome).toMatchObject({ bestStep: 4, heldOutLoss: 3, stoppedBecause: 'done' });
    const values = await valuesOf(student);
    expect(values).toEqual(seen[1]);
    expect(values).not.toEqual(seen[2]);
  }));

describe('hooks', () => {
  test('run before each update and may replace the gradient', () =>
    withTinyStudent(async (student) => {
      const steps: number[] = [];
      let computed = 0;
      const hooks: StepHooks = {
        beforeStep: (step) => void steps.push(step),
        gradients: (compute, batch) => {
          computed++;
          return compute(batch);
        },
      };
      await run(student, { steps: 6 }, {}, hooks);
      expect(steps).toEqual([0, 1, 2, 3, 4, 5]);
      expect(computed).toBe(6);
    }));
});

describe('pause, end and cancel', () => {
  /** Control that pauses or finishes from the point of a step on. */
  function controlledAt(step: number, action: 'pause' | 'finish') {
    let resume = () => {};
    let wait = Promise.resolve();
    const control = {
      isFinishing: false,
      untilRunning: () => wait,
    };
    const onPoint = (point: TrainingPoint) => {
      if (point.step !== step) return;
      if (action === 'finish') control.isFinishing = true;
      else wait = new Promise((resolve) => (resume = resolve));
    };
    return { control, onPoint, resume: () => resume() };
  }

  test('finishing early keeps the best so far and measures the last', () =>
    withTinyStudent(async (student) => {
      const { control, onPoint } = controlledAt(4, 'finish');
      const states = new MemoryTrainingStates();
      const { outcome } = await run(student, {}, { control, onPoint, states });
      expect(outcome.stoppedBecause).toBe('finished early');
      expect(outcome.steps).toBe(4);
      expect(await measured(student)).toBeCloseTo(outcome.heldOutLoss, 5);
      expect(states.bytes).toBeUndefined();
    }));

  test('a run that finished early is reproduced by stopping after the same step', () =>
    withTinyStudent(async (student) => {
      const ends: number[] = [];
      const { control, onPoint } = controlledAt(4, 'finish');
      await run(student, {}, { control, onPoint, onEndedEarly: (step) => void ends.push(step) });
      expect(ends).toEqual([4]);
      await withTinyStudent(async (again) => {
        const { outcome } = await run(again, { stopAfter: 4 });
        expect(outcome).toMatchObject({ steps: 4, stoppedBecause: 'finished early' });
        expect(await valuesOf(again)).toEqual(await valuesOf(student));
      });
    }));

  test('a paused run saves its state and resumes with the same curve', () =>
    withTinyStudent(async (student) => {
      const expected = await withTinyStudent((other) => run(other));
      const { control, onPoint, resume } = controlledAt(4, 'pause');
      const states = new MemoryTrainingStates();
      const points: TrainingPoint[] = [];
      const running = run(
        student,
        { keepStateEvery: 100 },
        {
          control,
          states,
          onPoint: (point) => {
            points.push(point);
            onPoint(point);
          },
        },
      );
      await expect.poll(() => states.writes, { timeout: 20_000 }).toBe(1);
      resume();
      await running;
      expect(curveOf(points)).toEqual(curveOf(expected.points));
    }));

  test('a paused run can be cancelled', () =>
    withTinyStudent(async (student) => {
      const { control, onPoint } = controlledAt(4, 'pause');
      const states = new MemoryTrainingStates();
      const cancel = new AbortController();
      const running = run(student, {}, { control, states, onPoint, signal: cancel.signal });
      await expect.poll(() => states.writes, { timeout: 20_000 }).toBe(2);
      cancel.abort(new Error('Cancelled.'));
      await expect(running).rejects.toThrow('Cancelled.');
      expect(states.bytes).toBeDefined();
    }));
});
