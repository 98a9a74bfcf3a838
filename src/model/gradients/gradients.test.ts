import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { readFloats } from '../../engines/webgpu/transfer';
import { expectAllClose } from '../../testing/allclose';
import fixture from '../../testing/fixtures/gradients.json';
import vectorFixture from '../../testing/fixtures/vector-gradients.json';
import { norm, relativeError } from '../../testing/fixture-gradients';
import { openFolder } from '../../testing/folder-checkpoint';
import { loadModel } from '../load-model';
import type { Model } from '../model';
import { restructure } from '../restructure';
import { DenseParameters } from './differentiable-weights';
import { gateGradients, type Gradients, weightGradients } from './gradients';
import { differentiableLogits, sequenceLosses, type TrainingBatch } from './sequence-losses';
import { sequenceOf, withMaskedTokens, withNextTokens } from './training-batch';

beforeAll(() => openNodeGpu());

interface Expected {
  readonly ids: number[][];
  readonly losses: number[];
  readonly heads: number[][][];
  readonly neurons: number[][][];
  readonly norms: Record<string, number>;
  readonly weights: Record<string, number[]>;
}

const FAMILIES = {
  gpt2: { folder: 'tiny-gpt2', expected: fixture.gpt2 as unknown as Expected },
  bert: { folder: 'tiny-bert', expected: fixture.bert as unknown as Expected },
  maskedLm: { folder: 'tiny-bert-mlm', expected: fixture.maskedLm as unknown as Expected },
} as const;
type Family = keyof typeof FAMILIES;
const FAMILY_NAMES = Object.keys(FAMILIES) as Family[];

const RELATIVE = 1e-4;

/** Sequences of the fixture in one batch, padded with a token that occurs elsewhere. */
function batchOf(family: Family): TrainingBatch {
  const { ids } = FAMILIES[family].expected;
  const length = Math.max(...ids.map((row) => row.length));
  const pad = (rows: number[][], filler: number) =>
    Int32Array.from(rows.flatMap((row) => [...row, ...Array<number>(length - row.length).fill(filler)]));
  const batch = { ids: pad(ids, 7), batch: ids.length, length, lengths: ids.map((row) => row.length) };
  if (family === 'gpt2') return withNextTokens(batch);
  if (family === 'bert') return { ...batch, targets: Int32Array.from(fixture.bert.labels) };
  return { ...batch, targets: pad(fixture.maskedLm.targets, -1) };
}

async function withModel(folder: string, check: (model: Model) => Promise<void>): Promise<void> {
  const model = await loadModel(await openFolder(`src/testing/fixtures/${folder}`));
  try {
    await check(model);
  } finally {
    model.dispose();
  }
}

async function withParameters(
  family: Family,
  check: (parameters: DenseParameters) => Promise<void>,
): Promise<void> {
  await withModel(FAMILIES[family].folder, async (model) => {
    const parameters = await DenseParameters.of(model);
    await check(parameters);
    parameters.dispose();
  });
}

async function take<Key>({ gradients, losses }: Gradients<Key>) {
  const values = new Map<Key, Float32Array>();
  for (const [key, gradient] of gradients) values.set(key, await readFloats(gradient));
  const ofLosses = await readFloats(losses);
  tf.dispose([...gradients.values(), losses]);
  return { values, losses: ofLosses };
}

function errorOfWhole(actual: ArrayLike<number>, expected: readonly number[]): number {
  expect(actual.length).toBe(expected.length);
  return relativeError(actual, expected);
}

describe.each(FAMILY_NAMES)('%s, against autograd of PyTorch in float64', (family) => {
  const { expected } = FAMILIES[family];

  test('losses and gradients of all matrices, in one batch with padding', () =>
    withParameters(family, async (parameters) => {
      const modules = [...parameters.matrices.keys()];
      const { values, losses } = await take(weightGradients(parameters, batchOf(family), modules));
      expectAllClose(losses, expected.losses, { absolute: 0, relative: RELATIVE });
      for (const module of modules) {
        expectAllClose([norm(values.get(module)!)], [expected.norms[module]], {
          absolute: 0,
          relative: RELATIVE,
        });
      }
      for (const [module, gradient] of Object.entries(expected.weights))
        expect(errorOfWhole(values.get(module)!, gradient), module).toBeLessThan(RELATIVE);
    }));

  test('gradients of biases, norms and embeddings of positions and token types', () =>
    withParameters(family, async (parameters) => {
      const names = [...parameters.vectors.keys()];
      const exact: Record<string, number[]> = vectorFixture[family];
      const batch = batchOf(family);
      const { value, grads } = tf.valueAndGrads(() => tf.mean(sequenceLosses(parameters, batch)))([
        ...parameters.vectors.values(),
      ]);
      expect(names.toSorted()).toEqual(Object.keys(exact).toSorted());
      for (const [index, name] of names.entries()) {
        const gradient = await readFloats(grads[index]);
        // A key's bias shifts all scores of a query equally: its gradient is 0 up to rounding.
        if (norm(exact[name]) < 1e-9) expect(norm(gradient), name).toBeLessThan(1e-6);
        else expect(errorOfWhole(gradient, exact[name]), name).toBeLessThan(RELATIVE);
      }
      tf.dispose([value, ...grads]);
    }));

  test("the mean of the sequences' gradients is that of the batch", () =>
    withParameters(family, async (parameters) => {
      const batch = batchOf(family);
      const [module, gradient] = Object.entries(expected.weights)[0];
      const sum = new Float32Array(gradient.length);
      for (let index = 0; index < batch.batch; index++) {
        const { values, losses } = await take(
          weightGradients(parameters, sequenceOf(batch, index), [module]),
        );
        expectAllClose(losses, [expected.losses[index]], { absolute: 0, relative: RELATIVE });
        values.get(module)!.forEach((value, position) => (sum[position] += value / batch.batch));
      }
      expect(errorOfWhole(sum, gradient)).toBeLessThan(RELATIVE);
    }));

  test.each(['heads', 'neurons'] as const)('gates on %s, separate for each sequence', (of) =>
    withParameters(family, async (parameters) => {
      const { values } = await take(gateGradients(parameters, batchOf(family), of));
      expect([...values.keys()]).toEqual([0, 1]);
      for (const [block, gradient] of values) {
        const ofBlock = expected[of].flatMap((ofSequence) => ofSequence[block]);
        expect(errorOfWhole(gradient, ofBlock)).toBeLessThan(RELATIVE);
      }
    }),
  );
});

describe('the differentiable forward pass agrees with the kernels', () => {
  const cases = [
    ['tiny-gpt2', { keptHeads: [1], keptNeurons: [0, 3, 17, 95] }, undefined],
    ['tiny-gpt2', { hasAttention: false }, 0.25],
    ['tiny-bert', { keptHeads: [0], keptNeurons: [5, 6] }, 0.5],
    ['tiny-bert', { hasFeedForward: false }, undefined],
    ['tiny-bert-mlm', { hasAttention: false, hasFeedForward: false }, undefined],
  ] as const;
  test.each(cases)('%s with block 0 %j and %s of the activations', (folder, changed, keptActivations) =>
    withModel(folder, async (whole) => {
      const blocks = whole.config.structure.blocks.map((block) =>
        block.index === 0 ? { ...block, ...changed } : block,
      );
      const model = await restructure(whole, { blocks, keptActivations });
      const parameters = await DenseParameters.of(model);
      const batch = { ids: Int32Array.of(5, 9, 11, 30, 6, 8, 7, 7), batch: 2, length: 4, lengths: [4, 3] };
      const [expected, actual] = [
        model.logits(batch),
        tf.tidy(() => differentiableLogits(parameters, batch)),
      ];
      // Rows of padding may differ: they are never read.
      const real = model.config.task === 'sequence-classification' ? 2 : 7;
      const classes = expected.shape[1];
      expectAllClose(
        (await readFloats(actual)).subarray(0, real * classes),
        (await readFloats(expected)).subarray(0, real * classes),
        { absolute: 2e-5, relative: 2e-5 },
      );
      tf.dispose([expected, actual]);
      parameters.dispose();
      model.dispose();
    }),
  );
});

test('a matrix may be a variable: a step against the gradient lowers the loss', () =>
  withParameters('gpt2', async (dense) => {
    const module = 'transformer.h.1.mlp.c_fc';
    const variable = tf.variable(dense.matrices.get(module)!);
    const parameters = new DenseParameters(
      dense.config,
      new Map([...dense.matrices, [module, variable]]),
      dense.vectors,
    );
    const batch = batchOf('gpt2');
    const before = await take(weightGradients(parameters, batch, [module]));
    const step = tf.tensor2d(before.values.get(module)!, variable.shape as [number, number]);
    tf.tidy(() => variable.assign(tf.sub(variable, tf.mul(step, 0.01))));
    const after = await take(weightGradients(parameters, batch, [module]));
    const mean = (losses: Float32Array) => losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    const fall = mean(before.losses) - mean(after.losses);
    const predicted = 0.01 * norm(before.values.get(module)!) ** 2;
    expect(fall / predicted).toBeGreaterThan(0.9);
    expect(fall / predicted).toBeLessThan(1.1);
    tf.dispose([step, variable]);
  }));

describe('targets', () => {
  test('each token predicts the next of its sequence, the last none', () => {
    const batch = { ids: Int32Array.of(4, 5, 6, 7, 8, 9), batch: 2, length: 3, lengths: [3, 2] };
    expect([...withNextTokens(batch).targets]).toEqual([5, 6, -1, 8, -1, -1]);
  });

  test('15 % of the inner tokens, at least one, are masked and become targets', () => {
    const ids = Int32Array.from({ length: 44 }, (_, index) => 10 + index);
    let state = 1;
    const random = () => (state = (state * 16807) % 2147483647) / 2147483647;
    const { targets, ids: masked } = withMaskedTokens(
      { ids, batch: 2, length: 22, lengths: [22, 4] },
      3,
      random,
    );
    const places = (first: number) =>
      [...targets.keys()].filter((index) => targets[index] >= 0 && Math.floor(index / 22) === first);
    expect(places(0)).toHaveLength(3);
    expect(places(1)).toHaveLength(1);
    for (const index of [...places(0), ...places(1)]) {
      expect([masked[index], targets[index]]).toEqual([3, ids[index]]);
      expect(index % 22).toBeGreaterThan(0);
    }
    expect(places(0).every((index) => index < 21)).toBe(true);
    expect(places(1).every((index) => index < 25)).toBe(true);
    expect(masked.filter((id) => id === 3)).toHaveLength(4);
  });
});
