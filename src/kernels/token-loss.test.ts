import * as tf from '@tensorflow/tfjs';
import { beforeAll, test } from 'vitest';
import { readFloats, uploadTensor } from '../gpu/transfer';
import { expectAllClose, seededNormal } from '../testing/allclose';
import { openNodeGpu } from '../gpu/node-gpu';
import { tokenLoss } from './token-loss';

beforeAll(() => openNodeGpu());

const matrix = (values: Float32Array, shape: [number, number]) => uploadTensor(values, shape) as tf.Tensor2D;
const ints = (...values: number[]) => uploadTensor(Int32Array.from(values), [values.length]) as tf.Tensor1D;

const [rows, vocabulary] = [4, 300];
const base = seededNormal(rows * vocabulary, 8).map((value) => value * 5);

const logProbabilities = (logits: Float32Array, row: number) => {
  const slice = Array.from(logits.subarray(row * vocabulary, (row + 1) * vocabulary));
  const greatest = Math.max(...slice);
  const total = Math.log(slice.reduce((sum, value) => sum + Math.exp(value - greatest), 0)) + greatest;
  return slice.map((value) => value - total);
};

test('token loss, with a target that is not scored', async () => {
  const logits = matrix(base, [rows, vocabulary]);
  const targets = ints(3, -1, 299, 0);
  const losses = tokenLoss(logits, targets);
  const expected = [3, -1, 299, 0].map((target, row) =>
    target < 0 ? 0 : -logProbabilities(base, row)[target],
  );
  expectAllClose(await readFloats(losses), expected);
  tf.dispose([logits, targets, losses]);
});
