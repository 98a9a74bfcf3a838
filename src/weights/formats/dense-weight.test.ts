import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { closeGpu } from '../../engines/webgpu/device';
import { readFloats, uploadTensor } from '../../engines/webgpu/transfer';
import { expectAllClose, seededNormal } from '../../testing/allclose';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { referenceMatmul } from '../../testing/reference-matmul';
import { DenseWeight } from './dense-weight';

describe.each([
  ['one buffer', undefined],
  // 10 rows of 12 floats per block.
  ['blocks of rows', 480],
])('DenseWeight in %s', (_, maxBindingBytes) => {
  beforeEach(() => openNodeGpu({ maxBindingBytes }));
  afterEach(() => closeGpu());

  test.each([
    [1, 12, 37],
    [3, 7, 9],
    [5, 12, 37],
    [33, 12, 70],
    [17, 6, 5],
  ])('%i tokens times a matrix of %i inputs and %i outputs', async (tokens, inputs, outputs) => {
    const values = seededNormal(inputs * outputs, 1);
    const xValues = seededNormal(tokens * inputs, 2);
    const weight = DenseWeight.fromValues(values, [outputs, inputs]);
    const x = uploadTensor(xValues, [tokens, inputs]);
    const y = weight.matmul(x);
    expect(y.shape).toEqual([tokens, outputs]);
    expectAllClose(await readFloats(y), referenceMatmul(xValues, values, [tokens, inputs, outputs]));
    tf.dispose([x, y]);
    weight.dispose();
  });

  test('rows by index, and back to dense', async () => {
    const values = seededNormal(37 * 12, 3);
    const weight = DenseWeight.fromValues(values, [37, 12]);
    expect(weight.denseValues === undefined, 'split').toBe(maxBindingBytes !== undefined);
    const ids = uploadTensor(Int32Array.of(36, 0, 11, 9, 10, 36), [6]);
    const rows = weight.rows(ids);
    const expected = [36, 0, 11, 9, 10, 36].flatMap((id) => [...values.subarray(id * 12, id * 12 + 12)]);
    expect([...(await readFloats(rows))]).toEqual(expected);
    expect(await weight.dense()).toEqual(values);
    const copy = weight.clone();
    weight.dispose();
    expect(await copy.dense()).toEqual(values);
    tf.dispose([ids, rows]);
    copy.dispose();
  });

  test('filled piece by piece, over the bounds of blocks', async () => {
    const values = seededNormal(37 * 12, 4);
    const weight = DenseWeight.allocate([37, 12]);
    for (let row = 0; row < 37; row += 7)
      weight.writeRows(row, values.subarray(row * 12, Math.min(37, row + 7) * 12));
    expect(await weight.dense()).toEqual(values);
    expect(() => weight.writeRows(36, values.subarray(0, 24))).toThrow(
      '24 values from row 36 on do not fit a matrix of 37×12.',
    );
    expect(() => weight.writeRows(0, values.subarray(0, 13))).toThrow('13 values from row 0');
    weight.dispose();
  });
});
