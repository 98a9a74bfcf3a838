import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../engines/webgpu/node-gpu';
import { expectAllClose } from '../testing/allclose';
import fixture from '../testing/fixtures/moving-teacher.json';
import {
  FIXTURE_RUN,
  fixtureBatch,
  type StudentAndTeacher,
  withStudentAndTeacher,
} from '../testing/moving-teacher-models';
import { valuesOf } from '../testing/tiny-student';
import { CoDistillation, type CoDistilled } from './co-distillation';
import { distillation } from './distillation-objective';
import { MetaDistillation } from './meta-distillation';
import type { StepHooks } from './step-hooks';
import { train } from './train';
import type { TrainingData, TrainingPoint } from './training-context';

beforeAll(() => openNodeGpu());

const data: TrainingData = {
  text: 'fixture',
  batch: (step) => fixtureBatch(fixture.batches[step]),
  heldOut: () => [fixtureBatch(fixture.heldOut)],
};

type Values = Record<string, ArrayLike<number>>;

const distance = (left: ArrayLike<number>, right: ArrayLike<number>) =>
  Math.hypot(...Array.from(left, (value, index) => value - right[index]));

/** @param share tolerated relative difference between parameter changes */
function expectSameWay(before: Values, after: Values, expected: Values, share: number): void {
  for (const [name, values] of Object.entries(expected)) {
    const error = distance(after[name], values) / distance(values, before[name]);
    expect.soft(error, name).toBeLessThan(share);
  }
}

async function expectRun(
  { base, student, teacher }: StudentAndTeacher,
  hooks: StepHooks,
  expected: typeof fixture.coDistillation | typeof fixture.metaDistillation,
  heldOutLosses: readonly number[],
): Promise<void> {
  const before = { student: await valuesOf(student), teacher: await valuesOf(teacher.model) };
  const points: TrainingPoint[] = [];
  const onPoint = (point: TrainingPoint) => points.push(point);
  const measured = distillation(base, expected.parameters);
  await train(student, measured, FIXTURE_RUN, { data, onPoint }, hooks);
  const losses = points.slice(1).map(({ trainingLoss }) => trainingLoss!);
  expectAllClose(losses, expected.losses, { absolute: 1e-5, relative: 0 });
  const heldOut = points.flatMap(({ heldOutLoss }) => heldOutLoss ?? []);
  expectAllClose(heldOut, heldOutLosses, { absolute: 1e-5, relative: 0 });
  expectSameWay(before.student, await valuesOf(student), expected.student, 1e-3);
  expectSameWay(before.teacher, await valuesOf(teacher.model), expected.teacher, 1e-3);
}

test.each<[CoDistilled, number[]]>([
  ['student', fixture.coDistillation.heldOutLosses],
  ['teacher', fixture.coDistillation.teacherHeldOutLosses],
])('co-distillation, for the %s, matches PyTorch in float64', (result, heldOutLosses) => {
  const { parameters } = fixture.coDistillation;
  return withStudentAndTeacher({ ...FIXTURE_RUN, ...parameters }, async (models) => {
    const hooks = new CoDistillation(models.student, models.teacher, {
      distillation: parameters,
      teacherWeight: parameters.teacherWeight,
      result,
      measuredBy: distillation(models.base, parameters),
    });
    await expectRun(models, hooks, fixture.coDistillation, heldOutLosses);
    hooks.dispose();
  });
});

test('meta-distillation matches PyTorch in float64', () => {
  const { parameters, heldOutLosses } = fixture.metaDistillation;
  return withStudentAndTeacher({ ...FIXTURE_RUN, ...parameters }, async (models) => {
    const hooks = new MetaDistillation(models.student, models.teacher, {
      distillation: parameters,
      pilotLearningRate: parameters.pilotLearningRate,
      withoutLabels: distillation(models.base, parameters),
      quiz: (step) => fixtureBatch(fixture.quizzes[step]),
    });
    await expectRun(models, hooks, fixture.metaDistillation, heldOutLosses);
    hooks.dispose();
  });
});
