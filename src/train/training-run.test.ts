import { beforeAll, describe, expect, test } from 'vitest';
import { openNodeGpu } from '../engines/webgpu/node-gpu';
import { readFloats } from '../engines/webgpu/transfer';
import { withNextTokens } from '../model/gradients/training-batch';
import { loadModel } from '../model/load-model';
import type { Model } from '../model/model';
import { expectAllClose } from '../testing/allclose';
import fixture from '../testing/fixtures/training-run.json';
import { openFolder } from '../testing/folder-checkpoint';
import { DenseWeight } from '../weights/formats/dense-weight';
import type { LinearWeight } from '../weights/linear-weight';
import { LowRankWeight } from '../weights/formats/low-rank-weight';
import { distillation } from './distillation-objective';
import { train } from './train';
import { TrainableModel } from './trainable-model';
import type { TrainingData, TrainingPoint } from './training-context';
import type { TrainingSettings } from './training-settings';

beforeAll(() => openNodeGpu());

const settings = fixture.settings as TrainingSettings;

interface Expected {
  readonly factors: Record<string, { readonly left: number[]; readonly right: number[] }>;
  readonly losses: number[];
  readonly heldOutLosses: number[];
  readonly parameters: Record<string, number[]>;
}

const batchOf = (ids: readonly number[]) =>
  withNextTokens({ ids: Int32Array.from(ids), batch: settings.batchSize, length: settings.sequenceLength });
const data: TrainingData = {
  text: 'fixture',
  batch: (step) => batchOf(fixture.batches[step]),
  heldOut: () => [batchOf(fixture.heldOut)],
};

async function shrunk(weight: LinearWeight): Promise<LinearWeight> {
  const values = await weight.dense();
  return DenseWeight.fromValues(
    values.map((value) => Math.fround(value * fixture.shrink)),
    weight.shape,
  );
}

function lowRank(weight: LinearWeight, { left, right }: Expected['factors'][string]): LinearWeight {
  const [outputs, inputs] = weight.shape;
  const rank = left.length / outputs;
  return new LowRankWeight(
    DenseWeight.fromValues(Float32Array.from(left), [outputs, rank]),
    DenseWeight.fromValues(Float32Array.from(right), [rank, inputs]),
  );
}

/** Checkpoint with another weight for each linear of the blocks. */
async function variantOf(teacher: Model, { factors }: Expected): Promise<Model> {
  const linears = new Map<string, LinearWeight>();
  for (const module of teacher.blockLinears) {
    const weight = teacher.linears.get(module)!;
    linears.set(module, module in factors ? lowRank(weight, factors[module]) : await shrunk(weight));
  }
  return teacher.withLinears(linears);
}

/** PyTorch's parameter names, without the suffix that a format adds. */
const KINDS: readonly [kind: string, expected: Expected][] = [
  ['dense', fixture.dense],
  ['low rank', fixture.lowRank as unknown as Expected],
];

describe.each(KINDS)('a run of distillation, %s, against torch.optim.AdamW in float64', (_, expected) => {
  test('losses of every step and parameters at the end', async () => {
    const teacher = await loadModel(await openFolder('src/testing/fixtures/tiny-gpt2'));
    const variant = await variantOf(teacher, expected);
    const student = await TrainableModel.of(variant);
    const points: TrainingPoint[] = [];
    const onPoint = (point: TrainingPoint) => points.push(point);
    const objective = distillation(teacher, fixture.distillation);
    const outcome = await train(student, objective, settings, { data, onPoint });
    expect(outcome.bestStep).toBe(settings.steps);
    const losses = points.slice(1).map(({ trainingLoss }) => trainingLoss!);
    expectAllClose(losses, expected.losses, { absolute: 1e-3, relative: 0 });
    const heldOut = points.flatMap(({ heldOutLoss }) => (heldOutLoss === undefined ? [] : [heldOutLoss]));
    expectAllClose(heldOut, expected.heldOutLosses, { absolute: 1e-3, relative: 0 });
    for (const [name, values] of Object.entries(expected.parameters)) {
      const parameter = student.parameters.find((candidate) => candidate.name.startsWith(name))!;
      expectAllClose(await readFloats(parameter.tensor), values, { absolute: 1e-3, relative: 1e-3 });
    }
    for (const owned of [student, variant, teacher]) owned.dispose();
  });
});
