import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { readFloats, uploadTensor } from '../gpu/transfer';
import { expectAllClose, seededNormal } from '../testing/allclose';
import { openNodeGpu } from '../gpu/node-gpu';
import { divergence } from './divergence';

beforeAll(() => openNodeGpu());

const matrix = (values: Float32Array, shape: [number, number]) => uploadTensor(values, shape) as tf.Tensor2D;

const [rows, vocabulary] = [4, 300];
const base = seededNormal(rows * vocabulary, 8).map((value) => value * 5);
const variant = base.map((value, index) => value + Math.sin(index));

const logProbabilities = (logits: Float32Array, row: number) => {
  const slice = Array.from(logits.subarray(row * vocabulary, (row + 1) * vocabulary));
  const greatest = Math.max(...slice);
  const total = Math.log(slice.reduce((sum, value) => sum + Math.exp(value - greatest), 0)) + greatest;
  return slice.map((value) => value - total);
};

test('divergence and same top', async () => {
  const [a, b] = [matrix(base, [rows, vocabulary]), matrix(variant, [rows, vocabulary])];
  const { kl, sameTop } = divergence(a, b);
  const tops = (logits: Float32Array, row: number) => {
    const values = logProbabilities(logits, row);
    return values.indexOf(Math.max(...values));
  };
  const indices = Array.from({ length: rows }, (_, row) => row);
  const expectedKl = indices.map((row) => {
    const [p, q] = [logProbabilities(base, row), logProbabilities(variant, row)];
    return p.reduce((sum, value, column) => sum + Math.exp(value) * (value - q[column]), 0);
  });
  expectAllClose(await readFloats(kl), expectedKl, { absolute: 1e-5, relative: 1e-4 });
  expect([...(await readFloats(sameTop))]).toEqual(
    indices.map((row) => Number(tops(base, row) === tops(variant, row))),
  );
  tf.dispose([a, b, kl, sameTop]);
});
