import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../../node-gpu';
import { readFloats, uploadTensor } from '../../transfer';
import { expectAllClose, seededNormal } from '../../../../testing/allclose';
import { referenceMatmul } from '../../../../testing/reference-matmul';
import { denseMatmul, FEW_TOKENS } from './dense-matmul';

beforeAll(() => openNodeGpu());

test.each([
  [1, 1, 1],
  [1, 768, 129],
  [FEW_TOKENS, 13, 65],
  [FEW_TOKENS + 1, 13, 65],
  [67, 36, 1],
  [18, 3, 3],
  // More outputs or tokens than workgroups of one dimension, if each had its own workgroup.
  [1, 4, 70001],
  [5, 3, 70001],
  [70001, 2, 3],
])('%i tokens, %i inputs, %i outputs', async (tokens, inputs, outputs) => {
  const xValues = seededNormal(tokens * inputs, 1);
  const values = seededNormal(outputs * inputs, 2);
  const x = uploadTensor(xValues, [tokens, inputs]);
  const weight = uploadTensor(values, [outputs, inputs]);
  const y = denseMatmul(x, weight, outputs);
  expectAllClose(await readFloats(y), referenceMatmul(xValues, values, [tokens, inputs, outputs]), {
    absolute: 1e-6 * Math.sqrt(inputs),
  });
  tf.dispose([x, weight, y]);
});

test.each([2, 9])('%i tokens into columns of a larger result', async (tokens) => {
  const xValues = seededNormal(tokens * 8, 1);
  const values = seededNormal(6 * 8, 2);
  const x = uploadTensor(xValues, [tokens, 8]);
  const weight = uploadTensor(values, [6, 8]);
  const output = uploadTensor(new Float32Array(tokens * 11).fill(7), [tokens, 11]);
  denseMatmul(x, weight, 6, {}, { output, offset: 3 });
  const product = referenceMatmul(xValues, values, [tokens, 8, 6]);
  const expected = Array.from({ length: tokens * 11 }, (_, index) => {
    const [token, column] = [Math.floor(index / 11), (index % 11) - 3];
    return column >= 0 && column < 6 ? product[token * 6 + column] : 7;
  });
  expectAllClose(await readFloats(output), expected);
  expect(output.shape).toEqual([tokens, 11]);
  tf.dispose([x, weight, output]);
});
