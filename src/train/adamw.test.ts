import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../engines/webgpu/node-gpu';
import { readFloats, uploadTensor, writeElements } from '../engines/webgpu/transfer';
import { expectAllClose } from '../testing/allclose';
import fixture from '../testing/fixtures/adamw.json';
import { AdamW } from './adamw';
import { clippingScale } from './gradient-clipping';

beforeAll(() => openNodeGpu());

type Name = keyof typeof fixture.shapes;
const NAMES = Object.keys(fixture.shapes) as Name[];

const tensorOf = (values: Record<Name, number[]>, name: Name) =>
  uploadTensor(Float32Array.from(values[name]), fixture.shapes[name]);

const startTensors = () =>
  NAMES.map((name) => ({
    name,
    tensor: tensorOf(fixture.start, name),
    decays: fixture.decaying.includes(name),
  }));

test('steps with decay and clipping, against torch.optim.AdamW in float64', async () => {
  const parameters = startTensors();
  const optimizer = new AdamW(parameters, fixture.settings);
  for (const [index, step] of fixture.steps.entries()) {
    const gradients = NAMES.map((name) => tensorOf(step.gradients, name));
    const { scale, norm } = clippingScale(gradients, fixture.settings.clipping);
    expectAllClose(await readFloats(norm), [step.norm], { absolute: 0, relative: 1e-6 });
    const factor = Math.min(1, fixture.settings.clipping / step.norm);
    expectAllClose(await readFloats(scale), [factor], { absolute: 0, relative: 1e-6 });
    optimizer.step(gradients, step.learningRate, scale);
    expect(optimizer.steps).toBe(index + 1);
    for (const { name, tensor } of parameters) {
      const expected = step.parameters[name];
      expectAllClose(await readFloats(tensor), expected, { absolute: 5e-7, relative: 1e-6 });
    }
    tf.dispose([...gradients, scale, norm]);
  }
  optimizer.dispose();
  tf.dispose(parameters.map(({ tensor }) => tensor));
});

test('resuming with saved moments gives the same bits', async () => {
  const one = uploadTensor(Float32Array.of(1), [1]);
  const [uninterrupted, interrupted] = [startTensors(), startTensors()];
  const optimizer = new AdamW(uninterrupted, fixture.settings);
  let resumed = new AdamW(interrupted, fixture.settings);
  for (const [index, step] of fixture.steps.entries()) {
    if (index === 3) {
      const next = new AdamW(interrupted, fixture.settings);
      for (const [parameter, { first, second }] of resumed.moments.entries()) {
        writeElements(next.moments[parameter].first, 0, await readFloats(first));
        writeElements(next.moments[parameter].second, 0, await readFloats(second));
      }
      next.steps = resumed.steps;
      resumed.dispose();
      resumed = next;
    }
    const gradients = NAMES.map((name) => tensorOf(step.gradients, name));
    optimizer.step(gradients, step.learningRate, one);
    resumed.step(gradients, step.learningRate, one);
    tf.dispose(gradients);
  }
  for (const [index, { tensor }] of uninterrupted.entries())
    expect(await readFloats(interrupted[index].tensor)).toEqual(await readFloats(tensor));
  optimizer.dispose();
  resumed.dispose();
  tf.dispose([one, ...[...uninterrupted, ...interrupted].map(({ tensor }) => tensor)]);
});

test('the norm of large and small tensors together', async () => {
  const sizes = [[300, 401], [7], [64, 640], [1]];
  const values = sizes.map((shape, index) =>
    Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, n) => Math.sin(n + index)),
  );
  const tensors = values.map((tensorValues, index) => uploadTensor(tensorValues, sizes[index]));
  const exact = Math.sqrt(
    values.reduce((sum, tensorValues) => sum + tensorValues.reduce((s, value) => s + value ** 2, 0), 0),
  );
  const { scale, norm } = clippingScale(tensors, 2);
  expectAllClose(await readFloats(norm), [exact], { absolute: 0, relative: 1e-6 });
  expectAllClose(await readFloats(scale), [2 / exact], { absolute: 0, relative: 1e-6 });
  tf.dispose([...tensors, scale, norm]);
});

test('gradients that do not fit the parameters are refused', () => {
  const parameters = startTensors();
  const optimizer = new AdamW(parameters, fixture.settings);
  expect(() => optimizer.step([], 1e-3, parameters[0].tensor)).toThrow(
    '0 gradients do not fit 4 parameters.',
  );
  optimizer.dispose();
  tf.dispose(parameters.map(({ tensor }) => tensor));
});
