import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { openNodeGpu } from '../engines/webgpu/node-gpu';
import { readFloats, writeElements } from '../engines/webgpu/transfer';
import { differentiableLogits, sequenceLosses, type TrainingBatch } from '../model/gradients/sequence-losses';
import { withNextTokens } from '../model/gradients/training-batch';
import { loadModel } from '../model/load-model';
import type { Model } from '../model/model';
import { restructure } from '../model/restructure';
import { expectAllClose, seededNormal } from '../testing/allclose';
import { FORMATS, INT8 } from '../testing/each-format';
import { reload } from '../testing/factorized-weight';
import { openFolder } from '../testing/folder-checkpoint';
import type { LinearWeight, MakeSample } from '../weights/linear-weight';
import { TensorTrainRowsWeight } from '../weights/formats/tensor-train-rows-weight';
import { trainableMatrix } from './trainable-formats';
import { TrainableModel } from './trainable-model';
import { StraightThroughMatrix } from './formats/straight-through-matrix';

beforeAll(() => openNodeGpu());

const BATCH: TrainingBatch = withNextTokens({
  ids: Int32Array.from({ length: 36 }, (_, index) => 5 + ((index * index * 7) % 80)),
  batch: 4,
  length: 9,
  lengths: [9, 9, 6, 9],
});

async function withModel<T>(folder: string, work: (model: Model) => Promise<T>): Promise<T> {
  const model = await loadModel(await openFolder(`src/testing/fixtures/${folder}`));
  try {
    return await work(model);
  } finally {
    model.dispose();
  }
}

/** Copies a model with every block linear in another format. */
async function inFormat(model: Model, make: MakeSample): Promise<Model> {
  const replaced = new Map<string, LinearWeight>();
  for (const module of model.blockLinears) {
    const weight = model.linears.get(module)!;
    replaced.set(module, await make(await weight.dense(), weight.shape));
  }
  return model.withLinears(replaced);
}

/** Mean loss of the batch, and its gradient with respect to every parameter. */
function gradientsOf(student: TrainableModel): { value: tf.Tensor; grads: tf.Tensor[] } {
  const loss = () => student.inStep(() => tf.mean(sequenceLosses(student, BATCH)) as tf.Scalar);
  const tensors = student.parameters.map(({ tensor }) => tensor);
  return tf.valueAndGrads(loss as (...args: tf.Tensor[]) => tf.Tensor)(tensors);
}

async function lossOf(student: TrainableModel): Promise<number> {
  const loss = tf.tidy(() => student.inStep(() => tf.mean(sequenceLosses(student, BATCH))));
  const [value] = await readFloats(loss);
  loss.dispose();
  return value;
}

/** Takes one step against the gradient, long enough that the loss should fall by `fall`. */
async function descend(student: TrainableModel, fall: number): Promise<void> {
  const { value, grads } = gradientsOf(student);
  const gradients: Float32Array[] = [];
  for (const gradient of grads) gradients.push(await readFloats(gradient));
  tf.dispose([value, ...grads]);
  const squared = gradients.reduce((sum, gradient) => sum + Math.hypot(...gradient) ** 2, 0);
  for (const [index, { tensor }] of student.parameters.entries()) {
    const values = await readFloats(tensor);
    const stepped = values.map((each, place) => each - (fall / squared) * gradients[index][place]);
    writeElements(tensor, 0, stepped);
  }
}

describe.each(Object.entries(FORMATS))('a GPT-2 with linears in the format %s', (_, make) => {
  test('a step against the gradient lowers the loss as predicted, and the variant keeps it', () =>
    withModel('tiny-gpt2', async (base) => {
      const variant = await inFormat(base, make);
      const student = await TrainableModel.of(variant);
      expect(student.constantModules).toEqual([]);
      const before = await lossOf(student);
      const fall = 1e-3;
      await descend(student, fall);
      const after = await lossOf(student);
      expect((before - after) / fall).toBeGreaterThan(0.85);
      expect((before - after) / fall).toBeLessThan(1.15);
      const trained = await student.toModel(variant);
      for (const [module, weight] of trained.linears) {
        expect(weight.format).toBe(variant.linears.get(module)!.format);
        expect(weight.parameters).toBe(variant.linears.get(module)!.parameters);
        const loaded = await reload(weight);
        expect(await loaded.dense()).toEqual(await weight.dense());
        loaded.dispose();
      }
      const again = await TrainableModel.of(trained);
      expect(Math.abs((await lossOf(again)) - after)).toBeLessThan(2e-5);
      for (const owned of [variant, student, trained, again]) owned.dispose();
    }));
});

test('training a copy leaves the base unchanged', () =>
  withModel('tiny-gpt2', async (base) => {
    const student = await TrainableModel.of(base);
    const before = base.logits(BATCH);
    for (const { tensor } of student.parameters) writeElements(tensor, 0, new Float32Array(tensor.size));
    const after = base.logits(BATCH);
    expect(await readFloats(after)).toEqual(await readFloats(before));
    tf.dispose([before, after]);
    student.dispose();
  }));

test('the cores train of a tensor-train-rows embedding tied to the head', () =>
  withModel('tiny-gpt2', async (base) => {
    const [vocabulary, width] = base.linears.get('transformer.wte')!.shape;
    const cores = [
      { left: 1, size: 4, right: 2 },
      { left: 2, size: width / 4, right: 1 },
    ];
    const values = seededNormal(vocabulary * (8 + width / 2), 1).map((value) => value / 5);
    const variant = base.withLinears(
      new Map([['transformer.wte', TensorTrainRowsWeight.fromTrains(values, width, cores)]]),
    );
    const student = await TrainableModel.of(variant);
    const before = await lossOf(student);
    await descend(student, 1e-3);
    expect((before - (await lossOf(student))) / 1e-3).toBeGreaterThan(0.85);
    variant.dispose();
    student.dispose();
  }));

test('unselected modules have no parameters and no gradient, and stay unchanged', () =>
  withModel('tiny-gpt2', async (base) => {
    const variant = await inFormat(base, FORMATS['low rank']);
    const wanted = 'transformer.h.1.mlp.c_fc';
    const student = await TrainableModel.of(variant, {
      trains: (name) => name === wanted || name === 'transformer.ln_f.bias',
    });
    expect(student.parameters.map(({ name, decays }) => [name, decays])).toEqual([
      [`${wanted}.left.weight`, true],
      [`${wanted}.right.weight`, true],
      ['transformer.ln_f.bias', false],
    ]);
    expect(student.constantModules).toEqual([...variant.linears.keys()].filter((name) => name !== wanted));
    const { value, grads } = gradientsOf(student);
    tf.dispose([value, ...grads]);
    const model = await student.toModel(variant);
    const [found, expected] = [model.logits(BATCH), variant.logits(BATCH)];
    expect(await readFloats(found)).toEqual(await readFloats(expected));
    tf.dispose([found, expected]);
    for (const owned of [variant, student, model]) owned.dispose();
  }));

test('position embeddings decay, biases and norms do not', () =>
  withModel('tiny-gpt2', async (base) => {
    const student = await TrainableModel.of(base);
    const decaying = student.parameters.filter(({ decays }) => decays).map(({ name }) => name);
    expect(decaying).toEqual(
      [...base.linears.keys()].map((name) => `${name}.weight`).concat('transformer.wpe.weight'),
    );
    student.dispose();
  }));

test('a method may replace the trainable matrix of a weight or a factor', () =>
  withModel('tiny-gpt2', async (base) => {
    const variant = await inFormat(base, FORMATS['low rank']);
    const requested: string[] = [];
    const student = await TrainableModel.of(variant, {
      matrixOf: async (name, weight) => {
        requested.push(name);
        return weight.format === 'dense' && name.includes('.h.')
          ? StraightThroughMatrix.of(weight, name, INT8)
          : undefined;
      },
    });
    const [module] = variant.blockLinears;
    expect(requested).toEqual(expect.arrayContaining([module, `${module}.left`, `${module}.right`]));
    const trained = await student.toModel(variant);
    const factors = trained.linears.get(module)!.factors!.map(({ weight }) => weight.format);
    expect(factors).toEqual(['quantized', 'quantized']);
    for (const owned of [variant, student, trained]) owned.dispose();
  }));

test('a matrix is materialized once per step', () =>
  withModel('tiny-gpt2', async (base) => {
    let count = 0;
    const student = await TrainableModel.of(base, {
      matrixOf: async (name, weight) => {
        const matrix = await trainableMatrix(weight, name);
        if (name !== 'transformer.wte') return matrix;
        const materialize = matrix.dense.bind(matrix);
        matrix.dense = () => {
          count++;
          return materialize();
        };
        return matrix;
      },
    });
    await lossOf(student);
    expect(count).toBe(1);
    await lossOf(student);
    expect(count).toBe(2);
    student.dispose();
  }));

describe('computes the same as the model in every family, task and structure', () => {
  const cases = [
    ['tiny-gpt2', { keptHeads: [1], keptNeurons: [0, 3, 17, 95] }],
    ['tiny-gpt2', { hasAttention: false }],
    ['tiny-bert', { keptHeads: [0], keptNeurons: [5, 6] }],
    ['tiny-bert-mlm', { hasFeedForward: false }],
    ['tiny-bert-mlm', {}],
  ] as const;
  test.each(cases)('%s with block 0 %j', (folder, changed) =>
    withModel(folder, async (whole) => {
      const blocks = whole.config.structure.blocks.map((block) =>
        block.index === 0 ? { ...block, ...changed } : block,
      );
      const model = await restructure(whole, { blocks });
      const student = await TrainableModel.of(model);
      const again = await student.toModel(model);
      const batch = { ids: Int32Array.of(5, 9, 11, 30, 6, 8, 7, 7), batch: 2, length: 4 };
      const [expected, exported, found] = [
        model.logits(batch),
        again.logits(batch),
        tf.tidy(() => student.inStep(() => differentiableLogits(student, batch))),
      ];
      expect(await readFloats(exported)).toEqual(await readFloats(expected));
      expectAllClose(await readFloats(found), await readFloats(expected), {
        absolute: 2e-5,
        relative: 2e-5,
      });
      tf.dispose([expected, exported, found]);
      for (const owned of [model, student, again]) owned.dispose();
    }),
  );
});
