import { beforeAll, describe, expect, test } from 'vitest';
import { openNodeGpu } from '../engines/webgpu/node-gpu';
import { readFloats } from '../engines/webgpu/transfer';
import { loadModel } from '../model/load-model';
import type { Model } from '../model/model';
import { restructure } from '../model/restructure';
import { type BlockStructure, memberIndices } from '../model/structure';
import { expectAllClose } from '../testing/allclose';
import fixture from '../testing/fixtures/attention-distillation.json';
import { batchOfFixture, norm, relativeError } from '../testing/fixture-gradients';
import { openFolder } from '../testing/folder-checkpoint';
import { shrunkStudent } from '../testing/shrunk-student';
import { commonHeads } from './attention-loss';
import { batchGradients, disposeGradients } from './batch-gradients';
import { distillation, type DistillationSettings } from './distillation-objective';

beforeAll(() => openNodeGpu());

type KeptHeads = Readonly<Record<string, number[] | undefined>>;

interface Case {
  readonly ids: number[];
  readonly lengths: number[];
  readonly targets: number[];
  readonly keptHeads: KeptHeads;
  readonly teacherHeads: KeptHeads;
  readonly keptBlocks: number[];
  readonly divergences: number[];
  readonly loss: number;
  readonly norms: Record<string, number>;
  readonly gradients: Record<string, number[]>;
}

const { weight: WEIGHT, shrink: SHRINK, ...cases } = fixture;
const CASES = cases as unknown as Record<string, Case>;
const RELATIVE = 1e-4;
const SETTINGS: DistillationSettings = { distillationWeight: 0, temperature: 1, attentionWeight: WEIGHT };

function folderOf(name: string): string {
  if (name === 'maskedLm') return 'tiny-bert-mlm';
  return name.startsWith('gpt2') ? 'tiny-gpt2' : 'tiny-bert';
}

/** Part of a model: some blocks, and some heads in them. */
function partOf(model: Model, blocks: readonly number[], heads: KeptHeads): Promise<Model> {
  const { structure } = model.config;
  const kept = blocks.map((index) => ({ ...structure.blocks[index], keptHeads: heads[index] }));
  return restructure(model, { ...structure, blocks: kept });
}

async function withModels(name: string, check: (teacher: Model, start: Model) => Promise<void>) {
  const { keptBlocks, keptHeads, teacherHeads } = CASES[name];
  const whole = await loadModel(await openFolder(`src/testing/fixtures/${folderOf(name)}`));
  const all = whole.config.structure.blocks.map(({ index }) => index);
  const [teacher, start] = [
    await partOf(whole, all, teacherHeads),
    await partOf(whole, keptBlocks, keptHeads),
  ];
  whole.dispose();
  try {
    await check(teacher, start);
  } finally {
    teacher.dispose();
    start.dispose();
  }
}

/** Selects the rows of remaining query and key heads from the gradient of the whole matrix, [rows, in]. */
function rowsLeft(model: Model, module: string, expected: readonly number[]): number[] {
  const { block, outputs } = model.layout.matrices.find((matrix) => matrix.module === module)!;
  const structure = model.config.structure.blocks.find(({ index }) => index === block)!;
  const { width } = model.config;
  const rows = memberIndices(outputs!, structure, model.config).filter(
    (row) => row < expected.length / width,
  );
  return [...rows].flatMap((row) => expected.slice(row * width, (row + 1) * width));
}

describe.each(Object.keys(CASES))('%s, against PyTorch in float64', (name) => {
  const { loss, norms, gradients, keptHeads, divergences } = CASES[name];

  test('loss and gradients', () =>
    withModels(name, async (teacher, start) => {
      const { student, parameters } = await shrunkStudent(start, SHRINK);
      const found = batchGradients(student, distillation(teacher, SETTINGS), batchOfFixture(CASES[name]), 1);
      expectAllClose(await readFloats(found.loss), [loss], { absolute: 0, relative: 1e-5 });
      const values = new Map<string, Float32Array>();
      for (const [index, { name: module }] of student.parameters.entries())
        values.set(module, await readFloats(found.gradients[index]));
      // PyTorch keeps columns of removed heads in the output projection, and their gradient.
      const isComparable = (module: string) =>
        values.has(module) && (Object.keys(keptHeads).length === 0 || !/proj|output\.dense/.test(module));
      const compared = Object.entries(norms).filter(([module]) => isComparable(module));
      expect(compared.length).toBeGreaterThan(3);
      for (const [module, expected] of compared)
        expectAllClose([norm(values.get(module)!)], [expected], { absolute: 1e-7, relative: RELATIVE });
      for (const [module, expected] of Object.entries(gradients)) {
        const left = rowsLeft(start, module, expected);
        expect(relativeError(values.get(module)!, left)).toBeLessThan(RELATIVE);
      }
      disposeGradients(found);
      parameters.dispose();
    }));

  test('contribution of attention to the loss', () =>
    withModels(name, async (teacher, start) => {
      const { student, parameters } = await shrunkStudent(start, SHRINK);
      const losses = [];
      for (const attentionWeight of [0, 1]) {
        const objective = distillation(teacher, { ...SETTINGS, attentionWeight });
        const found = batchGradients(student, objective, batchOfFixture(CASES[name]), 1);
        losses.push((await readFloats(found.loss))[0]);
        disposeGradients(found);
      }
      const sum = divergences.reduce((total, value) => total + value, 0);
      expectAllClose([losses[1] - losses[0]], [sum], { absolute: 2e-6, relative: RELATIVE });
      parameters.dispose();
    }));
});

test('hidden state pairs decide which blocks are compared', () =>
  withModels('gpt2', async (teacher, start) => {
    const { student, parameters } = await shrunkStudent(start, SHRINK);
    const batch = batchOfFixture(CASES.gpt2);
    const lossOf = async (settings: Partial<DistillationSettings>) => {
      const found = batchGradients(student, distillation(teacher, { ...SETTINGS, ...settings }), batch, 1);
      const [loss] = await readFloats(found.loss);
      disposeGradients(found);
      return loss;
    };
    const plain = await lossOf({ attentionWeight: 0 });
    const [, second] = CASES.gpt2.divergences;
    const ofSecond = await lossOf({
      attentionWeight: 1,
      hiddenPairs: [
        { student: 0, teacher: 0 },
        { student: 2, teacher: 2 },
      ],
    });
    expectAllClose([ofSecond - plain], [second], { absolute: 2e-6, relative: RELATIVE });
    const ofOther = await lossOf({ attentionWeight: 1, hiddenPairs: [{ student: 1, teacher: 2 }] });
    expect(ofOther - plain).toBeGreaterThan(2 * second);
    parameters.dispose();
  }));

describe('common heads of two blocks', () => {
  const block = (keptHeads?: number[]): BlockStructure => ({
    index: 0,
    hasAttention: true,
    hasFeedForward: true,
    keptHeads,
  });

  test('are matched by their number in the checkpoint', () => {
    expect(commonHeads(block(), block(), 2)).toEqual({ student: [0, 1], teacher: [0, 1] });
    expect(commonHeads(block([1, 3]), block(), 4)).toEqual({ student: [0, 1], teacher: [1, 3] });
    expect(commonHeads(block([0, 2, 3]), block([2, 3]), 4)).toEqual({ student: [1, 2], teacher: [0, 1] });
  });

  test('are none if one block has no attention', () => {
    const none = { ...block(), hasAttention: false };
    expect(commonHeads(none, block(), 2)).toEqual({ student: [], teacher: [] });
    expect(commonHeads(block([0]), block([1]), 2)).toEqual({ student: [], teacher: [] });
  });
});
