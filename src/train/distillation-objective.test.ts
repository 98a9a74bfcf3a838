import { beforeAll, describe, expect, test } from 'vitest';
import { openNodeGpu } from '../engines/webgpu/node-gpu';
import { readFloats } from '../engines/webgpu/transfer';
import { loadModel } from '../model/load-model';
import type { Model } from '../model/model';
import { restructure } from '../model/restructure';
import { expectAllClose } from '../testing/allclose';
import fixture from '../testing/fixtures/distillation.json';
import { batchOfFixture, norm, relativeError } from '../testing/fixture-gradients';
import { openFolder } from '../testing/folder-checkpoint';
import { shrunkStudent } from '../testing/shrunk-student';
import { batchGradients, disposeGradients } from './batch-gradients';
import { distillation, type DistillationSettings, pairsOfBlocks } from './distillation-objective';

beforeAll(() => openNodeGpu());

interface Case {
  readonly ids: number[];
  readonly lengths: number[];
  readonly targets: number[];
  readonly written: string;
  readonly results: {
    readonly settings: DistillationSettings;
    readonly loss: number;
    readonly norms: Record<string, number>;
    readonly gradient: number[];
  }[];
}

const CASES = fixture as unknown as Record<string, Case>;
const FOLDERS: Record<string, string> = {
  gpt2: 'tiny-gpt2',
  bert: 'tiny-bert',
  bertWithoutSomeLabels: 'tiny-bert',
  bertWithoutLabels: 'tiny-bert',
  maskedLm: 'tiny-bert-mlm',
};
const SHRINK = 0.9;
const RELATIVE = 1e-4;

async function withTeacher(name: string, check: (teacher: Model) => Promise<void>): Promise<void> {
  const teacher = await loadModel(await openFolder(`src/testing/fixtures/${FOLDERS[name]}`));
  try {
    await check(teacher);
  } finally {
    teacher.dispose();
  }
}

describe.each(Object.keys(CASES))('%s, against PyTorch in float64', (name) => {
  const { written, results } = CASES[name];
  test.each(results)('$settings', ({ settings, loss, norms, gradient }) =>
    withTeacher(name, async (teacher) => {
      const { student, parameters } = await shrunkStudent(teacher, SHRINK);
      const found = batchGradients(student, distillation(teacher, settings), batchOfFixture(CASES[name]), 1);
      // A small divergence is the difference of sums in float32.
      expectAllClose(await readFloats(found.loss), [loss], { absolute: 1e-6, relative: RELATIVE });
      const values = new Map<string, Float32Array>();
      for (const [index, { name: module }] of student.parameters.entries())
        values.set(module, await readFloats(found.gradients[index]));
      for (const [module, expected] of Object.entries(norms)) {
        if (!values.has(module)) continue;
        expectAllClose([norm(values.get(module)!)], [expected], { absolute: 1e-7, relative: RELATIVE });
      }
      expect(relativeError(values.get(written)!, gradient)).toBeLessThan(RELATIVE);
      disposeGradients(found);
      parameters.dispose();
    }),
  );
});

// Batches with both labelled and unlabelled sentences are left out: parts are weighted by labels, the teacher's share is not.
test.each(Object.keys(CASES).filter((name) => name !== 'bertWithoutSomeLabels'))(
  '%s in parts of one sequence has the same loss and gradient',
  (name) =>
    withTeacher(name, async (teacher) => {
      const { written, results } = CASES[name];
      const { settings, loss, gradient } = results[0];
      const { student, parameters } = await shrunkStudent(teacher, SHRINK);
      const found = batchGradients(student, distillation(teacher, settings), batchOfFixture(CASES[name]), 3);
      expectAllClose(await readFloats(found.loss), [loss], { absolute: 0, relative: RELATIVE });
      const index = student.parameters.findIndex((parameter) => parameter.name === written);
      const values = await readFloats(found.gradients[index]);
      expect(relativeError(values, gradient)).toBeLessThan(RELATIVE);
      disposeGradients(found);
      parameters.dispose();
    }),
);

test('a student with removed blocks learns from the teacher blocks of the same number', () =>
  withTeacher('gpt2', async (teacher) => {
    const blocks = teacher.config.structure.blocks.slice(1);
    const student = await restructure(teacher, { ...teacher.config.structure, blocks });
    expect(pairsOfBlocks(student.config, teacher.config)).toEqual([
      { student: 0, teacher: 0 },
      { student: 1, teacher: 2 },
    ]);
    student.dispose();
  }));
