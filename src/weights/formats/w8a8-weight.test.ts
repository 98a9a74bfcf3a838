import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { closeGpu, type DeviceOptions } from '../../engines/webgpu/device';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { readFloats, uploadTensor } from '../../engines/webgpu/transfer';
import { prefersIntegers } from '../../engines/webgpu/kernels/products/int8-matmul';
import { expectAllClose, seededNormal, seededRandom } from '../../testing/allclose';
import { expectRows, reload } from '../../testing/factorized-weight';
import { referenceMatmul } from '../../testing/reference-matmul';
import { W8A8Weight } from './w8a8-weight';

/** Integer products for all token counts, for few, and for none. */
const DEVICES: [string, boolean[], DeviceOptions][] = [
  ['integers on hardware', [true, true], { kernelsFor: 'hardware' }],
  ['integers for few tokens', [true, false], { kernelsFor: 'software' }],
  ['no subgroups', [true, false], { kernelsFor: 'software', withoutFeatures: ['subgroups'] }],
  ['no integer instruction', [false, false], { withoutLanguageFeatures: ['packed_4x8_integer_dot_product'] }],
];

const SHAPES: [number, number][] = [
  [48, 64],
  [21, 37],
  [3, 130],
];

const factorsOf = (width: number) => seededNormal(width, 5).map((value) => Math.exp(value));

/** Activations far from rounding boundaries, with their codes and scales in exact arithmetic. */
function clearTokens(tokens: number, inputScales: Float32Array) {
  const width = inputScales.length;
  const random = seededRandom(tokens);
  const codes = new Int8Array(tokens * width);
  const scales = Array.from({ length: tokens }, (_, token) => 0.03 * 4 ** -(token % 3));
  const x = Float32Array.from(codes, (_, index) => {
    const [token, column] = [Math.floor(index / width), index % width];
    codes[index] = column === token % width ? 127 : Math.round(random() * 252) - 126;
    const besideTheCode = column === token % width ? 0 : 0.8 * (random() - 0.5);
    return ((codes[index] + besideTheCode) * scales[token]) / inputScales[column];
  });
  return { x, codes, scales };
}

/** Codes of each row relative to its greatest magnitude, in float64. */
function codesOfRows(values: Float32Array, [rows, width]: readonly [number, number]) {
  const scales = Array.from({ length: rows }, (_, row) =>
    Math.fround(Math.max(...values.subarray(row * width, (row + 1) * width).map(Math.abs)) / 127),
  );
  const codes = values.map((value, index) => Math.round(value / scales[Math.floor(index / width)]));
  return { codes, scales };
}

describe.each(DEVICES)('%s', (_, integers, options) => {
  beforeAll(async () => {
    closeGpu();
    await openNodeGpu(options);
  });
  afterAll(() => closeGpu());

  test.each(SHAPES)('%i × %i by exact integers', async (outputs, inputs) => {
    expect([1, 5].map(prefersIntegers)).toEqual(integers);
    const [values, inputScales] = [seededNormal(outputs * inputs, 1), factorsOf(inputs)];
    const weight = W8A8Weight.fromValues(values, [outputs, inputs], inputScales);
    const rows = codesOfRows(values, [outputs, inputs]);
    const biasValues = seededNormal(outputs, 2);
    const bias = uploadTensor(biasValues, [outputs]);
    for (const tokens of [1, 5, 33]) {
      const given = clearTokens(tokens, inputScales);
      const rest = seededNormal(tokens * outputs, 3);
      const x = uploadTensor(given.x, [tokens, inputs]);
      const residual = uploadTensor(rest, [tokens, outputs]);
      const y = weight.matmul(x);
      const finished = weight.matmul(x, { bias, activation: 'relu', residual });
      const sums = referenceMatmul(given.codes, rows.codes, [tokens, inputs, outputs]);
      const expected = sums.map(
        (sum, index) => sum * given.scales[Math.floor(index / outputs)] * rows.scales[index % outputs],
      );
      const tolerance = { absolute: 2e-6 * Math.sqrt(inputs), relative: 2e-6 };
      expectAllClose(await readFloats(y), expected, tolerance);
      expectAllClose(
        await readFloats(finished),
        expected.map((sum, index) => Math.max(0, sum + biasValues[index % outputs]) + rest[index]),
        tolerance,
      );
      tf.dispose([x, residual, y, finished]);
    }
    tf.dispose(bias);
    weight.dispose();
  });
});

describe('whatever the device', () => {
  beforeAll(() => openNodeGpu());

  test.each(SHAPES)('%i × %i: values, rows, copies and files', async (outputs, inputs) => {
    const [values, inputScales] = [seededNormal(outputs * inputs, 1), factorsOf(inputs)];
    const weight = W8A8Weight.fromValues(values, [outputs, inputs], inputScales);
    expect(weight.parameters).toBe(outputs * inputs);
    expect(weight.storedBytes).toBe(4 * (outputs * Math.ceil(inputs / 4) + outputs + inputs));
    const { codes, scales } = codesOfRows(values, [outputs, inputs]);
    const expected = Float64Array.from(
      codes,
      (code, index) => code * scales[Math.floor(index / inputs)] * inputScales[index % inputs],
    );
    const copies = [weight.clone(), await reload(weight)];
    const x = uploadTensor(seededNormal(2 * inputs, 4), [2, inputs]);
    const y = weight.matmul(x);
    weight.dispose();
    for (const copy of copies) {
      expectAllClose(await copy.dense(), expected, { absolute: 0, relative: 2e-7 });
      await expectRows(copy, expected, [outputs - 1, 0, 2, 2]);
      const again = copy.matmul(x);
      expect(await readFloats(again)).toEqual(await readFloats(y));
      copy.dispose();
      again.dispose();
    }
    tf.dispose([x, y]);
  });

  test('files that do not fit are refused and leave nothing behind', async () => {
    const weight = W8A8Weight.fromValues(seededNormal(40, 1), [5, 8], factorsOf(8));
    await expect(reload(weight, undefined, [5, 7])).rejects.toThrow('input_scales has 32 bytes where 28');
    await expect(reload(weight, undefined, [6, 8])).rejects.toThrow('codes has 40 bytes where 48');
    weight.dispose();
  });
});
