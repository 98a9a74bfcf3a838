import { beforeAll, describe, expect, test } from 'vitest';
import { currentGpu } from '../engines/webgpu/device';
import { openNodeGpu } from '../engines/webgpu/node-gpu';
import { emptyTensor } from '../engines/webgpu/transfer';
import type { TrainingBatch } from '../model/gradients/sequence-losses';
import { countingSequences } from '../testing/counting-sequences';
import { MemoryTrainingStates } from '../testing/memory-training-states';
import { TINY_RUN, TINY_VOCABULARY, valuesOf, withTinyStudent } from '../testing/tiny-student';
import { fineTuning } from './fine-tuning-objective';
import type { Objective } from './objective';
import { type RunContext, train } from './train';
import type { TrainableModel } from './trainable-model';
import type { TrainingData, TrainingPoint } from './training-context';
import { TrainingError } from './training-error';

beforeAll(() => openNodeGpu());

const data = countingSequences(TINY_VOCABULARY);

async function run(
  student: TrainableModel,
  settings: Partial<typeof TINY_RUN>,
  objective: Objective = fineTuning,
  context: Partial<RunContext> = {},
) {
  const points: TrainingPoint[] = [];
  const onPoint = (point: TrainingPoint) => points.push(point);
  const outcome = await train(
    student,
    objective,
    { ...TINY_RUN, ...settings },
    { data, onPoint, ...context },
  );
  return { outcome, points };
}

const lossesOf = (points: readonly TrainingPoint[]) =>
  points.slice(1).map(({ trainingLoss }) => trainingLoss!);

describe('a batch that does not fit the GPU', () => {
  /** Requests more memory than the device has if a part has more sequences than allowed. */
  const fitting = (sequences: number, tooMuch: () => void): Objective => ({
    loss(student, batch: TrainingBatch, prepared) {
      const loss = fineTuning.loss(student, batch, prepared);
      if (batch.batch > sequences) tooMuch();
      return loss;
    },
  });
  const tooLargeTensor = () =>
    void emptyTensor([currentGpu().device.limits.maxStorageBufferBindingSize / 4 + 1]);
  const tooLargeBuffer = () => {
    const { device } = currentGpu();
    device.createBuffer({ size: device.limits.maxBufferSize + 4, usage: GPUBufferUsage.STORAGE });
  };

  test.each([
    ['a tensor', tooLargeTensor],
    ['a buffer', tooLargeBuffer],
  ])('because of %s beyond the limit runs in parts, says so, and gives the same updates', (_, tooMuch) =>
    withTinyStudent(async (student) => {
      const whole = await withTinyStudent((other) => run(other, { steps: 3 }));
      const { outcome, points } = await run(student, { steps: 3 }, fitting(1, tooMuch));
      expect(outcome.stoppedBecause).toBe('done');
      expect(points[0].note).toMatch(/4 sequences of 10 tokens.*2 parts.*2 sequences of 10 tokens.*4 parts/);
      const losses = lossesOf(whole.points);
      lossesOf(points).forEach((loss, index) => expect(loss).toBeCloseTo(losses[index], 4));
    }),
  );

  test("of a method's loss that is larger than the run's", () =>
    withTinyStudent(async (student) => {
      const larger = { model: student, objective: fitting(1, tooLargeBuffer) };
      const points: TrainingPoint[] = [];
      const context = { data, onPoint: (point: TrainingPoint) => points.push(point) };
      const settings = { ...TINY_RUN, steps: 3 };
      await train(student, fineTuning, settings, context, {
        gradients: (compute, batch) => compute(batch, larger),
      });
      const whole = await withTinyStudent((other) => run(other, { steps: 3 }));
      expect(points[1].note).toMatch(/4 sequences of 10 tokens.*2 parts.*2 sequences of 10 tokens.*4 parts/);
      const losses = lossesOf(whole.points);
      lossesOf(points).forEach((loss, index) => expect(loss).toBeCloseTo(losses[index], 4));
    }));

  test('not even one sequence at a time is an error that says what would work', () =>
    withTinyStudent(async (student) => {
      const running = run(student, { steps: 3 }, fitting(0, tooLargeBuffer));
      await expect(running).rejects.toThrow(TrainingError);
      await expect(running).rejects.toThrow(/One sequence of 10 tokens does not fit.*shorter sequences/);
    }));
});

describe('a run that diverges', () => {
  const wild = { peakLearningRate: 1e30, warmupSteps: 6, finalShare: 1, clipping: 1e9, evaluateEvery: 1 };

  test('stops, says at which step, and keeps the best', () =>
    withTinyStudent(async (student) => {
      const before = await valuesOf(student);
      const states = new MemoryTrainingStates();
      const { outcome, points } = await run(student, wild, fineTuning, { states });
      expect(outcome.stoppedBecause).toBe('diverged');
      expect(outcome.bestStep).toBe(0);
      expect(outcome.steps).toBeLessThan(12);
      expect(outcome.note).toMatch(/diverged at step \d+: the .*loss is not finite.*of step 0, were kept/);
      const losses = points.flatMap(({ trainingLoss = 0, heldOutLoss = 0 }) => [trainingLoss, heldOutLoss]);
      expect(losses.every(Number.isFinite)).toBe(true);
      expect(await valuesOf(student)).toEqual(before);
      expect(states.bytes).toBeUndefined();
    }));
});

describe('is refused', () => {
  test('a model without trainable parameters', () =>
    withTinyStudent(async (student) => {
      const { config } = student;
      const linear = (module: string) => student.linear(module);
      const vector = (tensor: string) => student.vector(tensor);
      const constant = {
        config,
        linear,
        vector,
        parameters: [],
        inStep: <T>(work: () => T) => student.inStep(work),
      };
      await expect(train(constant, fineTuning, TINY_RUN, { data })).rejects.toThrow(
        'The chosen targets have nothing to train',
      );
    }));

  test('a text without held-out sequences', () =>
    withTinyStudent(async (student) => {
      const short: TrainingData = { ...data, heldOut: () => [] };
      await expect(run(student, {}, fineTuning, { data: short })).rejects.toThrow(
        'counting.txt has no sequence left to measure the held-out loss on',
      );
    }));

  test('a variant whose initial loss is not finite', () =>
    withTinyStudent(async (student) => {
      const hooks = { heldOutLoss: () => Promise.resolve(NaN) };
      const running = train(student, fineTuning, TINY_RUN, { data }, hooks);
      await expect(running).rejects.toThrow('no finite loss on the held-out sequences before any training');
    }));

  test('fine-tuning without targets', () =>
    withTinyStudent(async (student) => {
      const unlabelled: TrainingData = {
        ...data,
        batch: (...request) => {
          const batch = data.batch(...request);
          return { ...batch, targets: batch.targets.fill(-1) };
        },
      };
      await expect(run(student, {}, fineTuning, { data: unlabelled })).rejects.toThrow('no labels');
    }));
});
