import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { METHODS } from '../../../src/compression/methods';
import { applyRecipe } from '../../../src/compression/recipe/apply-recipe';
import { checkRecipe } from '../../../src/compression/recipe/recipe';
import { openNodeGpu } from '../../../src/engines/webgpu/node-gpu';
import { readFloats, uploadTensor } from '../../../src/engines/webgpu/transfer';
import type { Model, TokenBatch } from '../../../src/model/model';
import { expectAllClose, seededNormal } from '../../../src/testing/allclose';
import { logSoftmaxOfRow } from '../../../src/testing/log-softmax';
import { shrunkModel } from '../../../src/testing/shrunk-model';
import { shrunkStudent } from '../../../src/testing/shrunk-student';
import { withTiny } from '../../../src/testing/tiny-recipes';
import { meanDivergence, TINY_LENGTH, tinyTrainingData } from '../../../src/testing/tiny-training';
import { batchGradients, disposeGradients } from '../../../src/train/batch-gradients';
import { reverseDistillation, reverseDistillationMethod, reverseDivergence } from './reverse-divergence';

beforeAll(() => openNodeGpu());

const [ROWS, CLASSES] = [4, 9];
const row = (values: Float32Array, index: number) => logSoftmaxOfRow(values, index, CLASSES);

/** Σ p (log p − log q), in float64. */
const divergence = (logP: readonly number[], logQ: readonly number[]) =>
  logP.reduce((sum, log, index) => sum + Math.exp(log) * (log - logQ[index]), 0);

/** Of each row of the logits, in float64. */
async function logProbabilities(model: Model, batch: TokenBatch): Promise<number[][]> {
  const logits = model.logits(batch);
  const [rows, classes] = logits.shape;
  const values = await readFloats(logits);
  logits.dispose();
  return Array.from({ length: rows }, (_, index) => logSoftmaxOfRow(values, index, classes));
}

test('losses and their gradient are those of float64', async () => {
  const [student, teacher] = [1, 2].map((seed) => seededNormal(ROWS * CLASSES, seed));
  const [logits, teacherLogits] = [student, teacher].map(
    (values) => uploadTensor(values, [ROWS, CLASSES]) as tf.Tensor2D,
  );
  const { value, grad } = tf.valueAndGrad((x) => tf.sum(reverseDivergence(x as tf.Tensor2D, teacherLogits)))(
    logits,
  );
  const losses = Array.from({ length: ROWS }, (_, index) =>
    divergence(row(student, index), row(teacher, index)),
  );
  expectAllClose(await readFloats(value), [losses.reduce((sum, loss) => sum + loss, 0)]);
  // ∂/∂z_j Σ p (log p − log q) = p_j (log p_j − log q_j − KL)
  const gradient = losses.flatMap((loss, index) => {
    const logQ = row(teacher, index);
    return row(student, index).map((logP, column) => Math.exp(logP) * (logP - logQ[column] - loss));
  });
  expectAllClose(await readFloats(grad), gradient);
  tf.dispose([logits, teacherLogits, value, grad]);
});

test('the loss of a batch counts what has a target alone', () =>
  withTiny('tiny-gpt2', async (teacher) => {
    const { student, parameters } = await shrunkStudent(teacher, 0.9);
    const batch = {
      ids: Int32Array.of(7, 8, 9, 10),
      targets: Int32Array.of(8, 9, -1, 3),
      batch: 1,
      length: 4,
    };
    const found = batchGradients(student, reverseDistillation(teacher), batch, 1);
    const shrunk = await shrunkModel(teacher, 0.9);
    const [given, taught] = [await logProbabilities(shrunk, batch), await logProbabilities(teacher, batch)];
    const counted = [0, 1, 3].map((index) => divergence(given[index], taught[index]));
    expectAllClose(await readFloats(found.loss), [counted.reduce((sum, each) => sum + each, 0) / 3], {
      absolute: 1e-6,
      relative: 1e-4,
    });
    disposeGradients(found);
    parameters.dispose();
    shrunk.dispose();
  }));

test('a recipe trains by it, and comes nearer to the base', () =>
  withTiny('tiny-gpt2', async (base) => {
    const run = {
      steps: 8,
      batchSize: 2,
      sequenceLength: TINY_LENGTH,
      peakLearningRate: 0.01,
      warmupSteps: 2,
    };
    const quantized = { method: 'round-to-nearest', targets: ['Linear'], parameters: { bits: 2 } };
    const trained = { method: 'reverse-distillation', targets: ['Linear'], parameters: run };
    const data = await tinyTrainingData(base);
    const divergenceOf = async (steps: readonly object[]) => {
      const recipe = checkRecipe({ name: 'recovery', steps }, [...METHODS, reverseDistillationMethod]);
      const { model } = await applyRecipe(base, recipe, { training: { dataOf: () => data } });
      const found = await meanDivergence(base, model);
      model.dispose();
      return found;
    };
    expect(await divergenceOf([quantized, trained])).toBeLessThan(0.9 * (await divergenceOf([quantized])));
  }));
