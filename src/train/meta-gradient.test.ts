import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../engines/webgpu/node-gpu';
import { readFloats } from '../engines/webgpu/transfer';
import { expectAllClose } from '../testing/allclose';
import { norm } from '../testing/fixture-gradients';
import fixture from '../testing/fixtures/moving-teacher.json';
import { FIXTURE_RUN, fixtureBatch, withStudentAndTeacher } from '../testing/moving-teacher-models';
import { valuesOf } from '../testing/tiny-student';
import { batchGradients, disposeGradients } from './batch-gradients';
import { fineTuning } from './fine-tuning-objective';
import { MetaGradient } from './meta-gradient';
import { taughtBy } from './moving-teacher';
import type { Objective } from './objective';
import type { GradientsOf } from './step-hooks';

beforeAll(() => openNodeGpu());

const RELATIVE = 2e-4;
const { parameters } = fixture.metaDistillation;
const [batch, quiz] = [fixture.batches[0], fixture.quizzes[0]].map(fixtureBatch);

test.each([1, 3])('matches the exact gradient of PyTorch in float64, a batch in %i parts', (parts) =>
  withStudentAndTeacher(
    { ...FIXTURE_RUN, ...parameters },
    async ({ student, teacher: { model: teacher } }) => {
      const lesson = { model: student, objective: taughtBy(teacher, parameters) };
      const metaGradient = new MetaGradient(lesson, teacher, {
        distillation: parameters,
        pilotLearningRate: parameters.pilotLearningRate,
        quizObjective: fineTuning,
      });
      const compute: GradientsOf = async (batch, { model, objective } = lesson) =>
        batchGradients(model, objective, batch, parts);
      const before = await valuesOf(student);
      const found = (await metaGradient.of(compute, batch, quiz))!;
      const gradients = new Map<string, Float32Array>();
      for (const [index, { name }] of teacher.parameters.entries())
        gradients.set(name.replace(/\.weight$/, ''), await readFloats(found.gradients[index]));
      const { norms, written, gradient } = fixture.metaGradient;
      for (const [module, expected] of Object.entries(norms))
        expectAllClose([norm(gradients.get(module)!)], [expected], { absolute: 0, relative: RELATIVE });
      const error = gradient.map((value, index) => value - gradients.get(written)![index]);
      expect(norm(error) / norm(gradient)).toBeLessThan(RELATIVE);
      expect(await valuesOf(student)).toEqual(before);
      disposeGradients(found);
      metaGradient.dispose();
    },
  ),
);

test('is undefined if a quiz has no gradient', () =>
  withStudentAndTeacher(
    { ...FIXTURE_RUN, ...parameters },
    async ({ student, teacher: { model: teacher } }) => {
      const constant: Objective = { loss: () => tf.scalar(1) };
      const lesson = { model: student, objective: taughtBy(teacher, parameters) };
      const metaGradient = new MetaGradient(lesson, teacher, {
        distillation: parameters,
        pilotLearningRate: parameters.pilotLearningRate,
        quizObjective: constant,
      });
      const compute: GradientsOf = async (batch, { model, objective } = lesson) =>
        batchGradients(model, objective, batch, 1);
      expect(await metaGradient.of(compute, batch, quiz)).toBeUndefined();
      metaGradient.dispose();
    },
  ));
