import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { readTensorBytes, uploadTensor } from '../gpu/transfer';
import { seededNormal } from '../testing/allclose';
import { openNodeGpu } from '../gpu/node-gpu';
import { argmaxRows } from './argmax-rows';

beforeAll(() => openNodeGpu());

const matrix = (values: Float32Array, shape: [number, number]) => uploadTensor(values, shape) as tf.Tensor2D;

const [rows, vocabulary] = [4, 300];
const base = seededNormal(rows * vocabulary, 8).map((value) => value * 5);

test('argmax takes the lowest of equal indices', async () => {
  const values = base.slice();
  values[17] = values[250] = 100;
  const logits = matrix(values, [rows, vocabulary]);
  const tops = argmaxRows(logits);
  expect(new Int32Array(await readTensorBytes(tops))[0]).toBe(17);
  tf.dispose([logits, tops]);
});
