import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { readFloats } from '../../engines/webgpu/transfer';
import { expectAllClose } from '../../testing/allclose';
import {
  FEED_FORWARD,
  MIXTURE_FAMILIES,
  mixtureBatch,
  type MixtureFamily,
  MIXTURES,
  withTinyMixture,
} from '../../testing/tiny-mixtures';
import { DenseParameters } from './differentiable-weights';
import { gateGradients, weightGradients } from './gradients';
import { differentiableLogits, sequenceLosses, type TrainingBatch } from './sequence-losses';
import { withNextTokens } from './training-batch';

beforeAll(() => openNodeGpu());

/** Labels of the fixture's sentences. */
const LABELS = Int32Array.of(1, 0, 1);

function batchOf(family: MixtureFamily): TrainingBatch {
  const batch = mixtureBatch(family);
  return family === 'gpt2' ? withNextTokens(batch) : { ...batch, targets: LABELS };
}

async function withParameters(
  family: MixtureFamily,
  check: (parameters: DenseParameters) => Promise<void>,
): Promise<void> {
  await withTinyMixture(family, async (model) => {
    const parameters = await DenseParameters.of(model);
    await check(parameters);
    parameters.dispose();
  });
}

function expectNear(actual: Float32Array, expected: number[]): void {
  const greatest = Math.max(...expected.map(Math.abs));
  expectAllClose(actual, expected, { absolute: 1e-5 * greatest, relative: 1e-4 });
}

test.each(MIXTURE_FAMILIES)('%s: differentiable logits of experts agree with PyTorch', (family) =>
  withParameters(family, async (parameters) => {
    const logits = tf.tidy(() => differentiableLogits(parameters, batchOf(family)));
    expectAllClose(await readFloats(logits), MIXTURES[family].logits, { absolute: 1e-4, relative: 0 });
    logits.dispose();
  }),
);

test.each(MIXTURE_FAMILIES)('%s: gradients of the matrices of experts agree with autograd', (family) =>
  withParameters(family, async (parameters) => {
    const layers = [0, 1].map(FEED_FORWARD[family]);
    const modules = layers.flatMap(({ up, down }) => [up, down]);
    const { gradients, losses } = weightGradients(parameters, batchOf(family), modules);
    for (const [block, { up, down }] of layers.entries()) {
      const expected = MIXTURES[family].gradients[block];
      expectNear(await readFloats(gradients.get(up)!), expected.up);
      expectNear(await readFloats(gradients.get(down)!), expected.down);
    }
    tf.dispose([...gradients.values(), losses]);
  }),
);

test.each(MIXTURE_FAMILIES)('%s: gradients of the biases of experts agree with autograd', (family) =>
  withParameters(family, async (parameters) => {
    const biases = [0, 1].map((block) => parameters.vector(`${FEED_FORWARD[family](block).up}.bias`));
    const { value, grads } = tf.valueAndGrads(() => tf.mean(sequenceLosses(parameters, batchOf(family))))(
      biases,
    );
    for (const [block, gradient] of grads.entries())
      expectNear(await readFloats(gradient), MIXTURES[family].gradients[block].upBias);
    tf.dispose([value, ...grads]);
  }),
);

test('gates apply to the neurons of all experts; unused ones have no gradient', () =>
  withParameters('bert', async (parameters) => {
    const { gradients, losses } = gateGradients(parameters, batchOf('bert'), 'neurons');
    const [{ routing, experts }] = MIXTURES.bert.mixtures;
    const values = await readFloats(gradients.get(0)!);
    const size = values.length / MIXTURES.bert.ids.length / experts;
    for (const [sequence, ids] of MIXTURES.bert.ids.entries()) {
      const used = new Set(ids.map((id) => Number(routing[id])));
      for (let expert = 0; expert < experts; expert++) {
        const start = (sequence * experts + expert) * size;
        const isLeantOn = values.subarray(start, start + size).some((value) => value !== 0);
        expect(isLeantOn).toBe(used.has(expert));
      }
    }
    tf.dispose([...gradients.values(), losses]);
  }));

test('experts without tokens have gradients of zeros', () =>
  withParameters('gpt2', async (parameters) => {
    const [{ routing, experts }] = MIXTURES.gpt2.mixtures;
    const ofOne = Array.from(routing, (_, id) => id).filter((id) => routing[id] === '1');
    const ids = Int32Array.from(ofOne.slice(0, 6));
    const { up, down } = FEED_FORWARD.gpt2(0);
    const batch = withNextTokens({ ids, batch: 1, length: ids.length });
    const { gradients, losses } = weightGradients(parameters, batch, [up, down]);
    const [rows, columns] = [gradients.get(up)!, gradients.get(down)!];
    const [ofRows, ofColumns] = [await readFloats(rows), await readFloats(columns)];
    const [neurons, width] = rows.shape;
    for (let neuron = 0; neuron < neurons; neuron++) {
      const isUsed = Math.floor((neuron * experts) / neurons) === 1;
      const row = ofRows.subarray(neuron * width, (neuron + 1) * width);
      const column = ofColumns.filter((_, index) => index % neurons === neuron);
      for (const values of [row, column]) expect(values.some((value) => value !== 0)).toBe(isUsed);
    }
    tf.dispose([rows, columns, losses]);
  }));
