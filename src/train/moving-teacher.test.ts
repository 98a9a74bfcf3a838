import { beforeAll, expect, test } from 'vitest';
import { currentGpu } from '../engines/webgpu/device';
import { gpuMemory } from '../engines/webgpu/memory';
import { openNodeGpu } from '../engines/webgpu/node-gpu';
import { readFloats } from '../engines/webgpu/transfer';
import { expectAllClose } from '../testing/allclose';
import { countingSequences } from '../testing/counting-sequences';
import fixture from '../testing/fixtures/moving-teacher.json';
import {
  FIXTURE_RUN,
  fixtureBatch,
  type StudentAndTeacher,
  withStudentAndTeacher,
} from '../testing/moving-teacher-models';
import { TINY_VOCABULARY, valuesOf } from '../testing/tiny-student';
import type { LinearWeight } from '../weights/linear-weight';
import { batchGradients, disposeGradients } from './batch-gradients';
import { CoDistillation } from './co-distillation';
import { fineTuning } from './fine-tuning-objective';
import { MetaDistillation } from './meta-distillation';
import { MovingTeacher } from './moving-teacher';
import type { BatchGradients } from './step-hooks';
import { train } from './train';
import { TrainingError } from './training-error';

beforeAll(() => openNodeGpu());

const SETTINGS = { ...FIXTURE_RUN, teacherLearningRate: 0.5, steps: 3 };
const data = countingSequences(TINY_VOCABULARY);

function coDistillation({ student, teacher }: StudentAndTeacher): CoDistillation {
  const { parameters } = fixture.coDistillation;
  const { teacherWeight } = parameters;
  return new CoDistillation(student, teacher, {
    distillation: parameters,
    teacherWeight,
    result: 'student',
    measuredBy: fineTuning,
  });
}

function metaDistillation({ student, teacher }: StudentAndTeacher): MetaDistillation {
  const { parameters } = fixture.metaDistillation;
  const { batchSize, sequenceLength } = SETTINGS;
  return new MetaDistillation(student, teacher, {
    distillation: parameters,
    pilotLearningRate: parameters.pilotLearningRate,
    withoutLabels: fineTuning,
    quiz: (step) => data.batch(step, batchSize, sequenceLength, 1),
  });
}

test.each([1, 2])('in %i parts, the gradients of co-distillation are those of PyTorch in float64', (parts) =>
  withStudentAndTeacher(SETTINGS, async (models) => {
    const { student, teacher } = models;
    const hooks = coDistillation(models);
    const taken: BatchGradients[] = [];
    const norms: number[] = [];
    const found = await hooks.gradients(async (batch, of) => {
      taken.push(batchGradients(of!.model, of!.objective, batch, parts));
      for (const gradient of taken[0].gradients) norms.push(Math.hypot(...(await readFloats(gradient))));
      return taken[0];
    }, fixtureBatch(fixture.batches[0]));
    const names = [student, teacher.model].map(({ parameters }) => parameters.map(({ name }) => name));
    const expected = [fixture.coGradients.student, fixture.coGradients.teacher];
    for (const [side, offset] of [0, names[0].length].entries()) {
      for (const [module, norm] of Object.entries<number>(expected[side])) {
        const index = names[side].findIndex((name) => name.replace(/\.weight$/, '') === module);
        expectAllClose([norms[offset + index]], [norm], { absolute: 0, relative: 1e-4 });
      }
    }
    expect(found.gradients).toEqual(taken[0].gradients.slice(0, names[0].length));
    disposeGradients(found);
    hooks.dispose();
  }),
);

test.each([
  ['co-distillation', coDistillation],
  ['meta-distillation', metaDistillation],
])('a run of %s frees all its GPU memory', (_, hooksOf) =>
  withStudentAndTeacher(SETTINGS, async (models) => {
    const { usedBytes } = gpuMemory();
    const before = await valuesOf(models.teacher.model);
    const hooks = hooksOf(models);
    await train(models.student, fineTuning, SETTINGS, { data }, hooks);
    hooks.dispose();
    expect(await valuesOf(models.teacher.model)).not.toEqual(before);
    expect(gpuMemory().usedBytes).toBe(usedBytes);
  }),
);

test('a teacher that does not fit the GPU is refused and leaks nothing', () =>
  withStudentAndTeacher(SETTINGS, async ({ base }) => {
    const module = 'transformer.h.0.mlp.c_fc';
    const { shape } = base.linears.get(module)!;
    const tooLarge: LinearWeight = {
      form: 'too-large',
      shape,
      async dense() {
        const { device } = currentGpu();
        device.createBuffer({ size: device.limits.maxBufferSize + 4, usage: GPUBufferUsage.STORAGE });
        return new Float32Array(shape[0] * shape[1]);
      },
      clone: () => tooLarge,
      dispose: () => undefined,
    } as unknown as LinearWeight;
    const larger = await base.withLinears(new Map([[module, tooLarge]]));
    const { usedBytes } = gpuMemory();
    const making = MovingTeacher.of(larger, SETTINGS);
    await expect(making).rejects.toThrow(TrainingError);
    await expect(making).rejects.toThrow(/teacher that trains too.*does not fit.*knowledge-distillation/);
    expect(gpuMemory().usedBytes).toBe(usedBytes);
    larger.dispose();
  }));
