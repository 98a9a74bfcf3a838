import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import { closeGpu, type DeviceOptions } from '../../device';
import { openNodeGpu } from '../../node-gpu';
import { readFloats, uploadTensor } from '../../transfer';
import { seededNormal, seededRandom } from '../../../../testing/allclose';
import { describeOnEachDevice } from '../../../../testing/each-device';
import { referenceMatmul } from '../../../../testing/reference-matmul';
import { int8Matmul, prefersIntegers } from './int8-matmul';

/** Tokens, inputs, outputs. */
const SHAPES: [number, number, number][] = [
  [1, 1, 3],
  [1, 64, 65],
  [3, 37, 10],
  [5, 48, 33],
  [33, 70, 21],
  [9, 256, 140],
];

/** Codes over the whole range, including the extremes in every row, with rows padded to words of four. */
function randomCodes(rows: number, width: number, seed: number): Int8Array {
  const random = seededRandom(seed);
  return Int8Array.from({ length: rows * width }, (_, index) =>
    index % 7 === 0 ? 127 : index % 7 === 1 ? -127 : Math.round(random() * 254) - 127,
  );
}

function upload(codes: Int8Array, rows: number, width: number): tf.Tensor2D {
  const words = Math.ceil(width / 4);
  const padded = new Int8Array(rows * words * 4);
  for (let row = 0; row < rows; row++)
    padded.set(codes.subarray(row * width, (row + 1) * width), row * words * 4);
  return uploadTensor(new Uint32Array(padded.buffer), [rows, words]);
}

describeOnEachDevice(() => {
  test.each(SHAPES)('%i tokens × %i → %i is the exact integer product', async (tokens, inputs, outputs) => {
    const [a, b] = [randomCodes(tokens, inputs, 1), randomCodes(outputs, inputs, 2)];
    // Powers of two, so that scaling is exact in any order.
    const tokenScales = Float32Array.from({ length: tokens }, (_, token) => 2 ** -(token % 5));
    const rowScales = Float32Array.from({ length: outputs }, (_, row) => 2 ** ((row % 3) - 4));
    const x = {
      codes: upload(a, tokens, inputs),
      scales: uploadTensor(tokenScales, [tokens]),
    };
    const [codes, scales] = [upload(b, outputs, inputs), uploadTensor(rowScales, [outputs])];
    const y = int8Matmul(x, { shape: [outputs, inputs], codes, scales });
    const expected = referenceMatmul(a, b, [tokens, inputs, outputs]).map(
      (sum, index) => sum * tokenScales[Math.floor(index / outputs)] * rowScales[index % outputs],
    );
    expect(await readFloats(y)).toEqual(Float32Array.from(expected));
    tf.dispose([x.codes, x.scales, codes, scales, y]);
  });

  test.each([2, 20])('%i tokens with bias, activation and residual', async (tokens) => {
    const [inputs, outputs] = [32, 43];
    const [a, b] = [randomCodes(tokens, inputs, 3), randomCodes(outputs, inputs, 4)];
    const [biasValues, rest] = [1, 2].map((seed) =>
      seededNormal(seed === 1 ? outputs : tokens * outputs, seed).map((value) => Math.round(value * 8)),
    );
    const ones = (count: number) => uploadTensor(new Float32Array(count).fill(1), [count]);
    const x = { codes: upload(a, tokens, inputs), scales: ones(tokens) };
    const [codes, scales] = [upload(b, outputs, inputs), ones(outputs)];
    const bias = uploadTensor(biasValues, [outputs]);
    const residual = uploadTensor(rest, [tokens, outputs]);
    const matrix = { shape: [outputs, inputs], codes, scales } as const;
    const y = int8Matmul(x, matrix, { bias, activation: 'relu', residual });
    const expected = referenceMatmul(a, b, [tokens, inputs, outputs]).map(
      (sum, index) => Math.max(0, sum + biasValues[index % outputs]) + rest[index],
    );
    expect(await readFloats(y)).toEqual(Float32Array.from(expected));
    tf.dispose([x.codes, x.scales, codes, scales, bias, residual, y]);
  });
});

test('integers where the device multiplies four at once, on software adapters for few tokens', async () => {
  const chosen = async (options: DeviceOptions) => {
    closeGpu();
    await openNodeGpu(options);
    return [1, 4, 5, 300].map(prefersIntegers);
  };
  expect(await chosen({ kernelsFor: 'hardware' })).toEqual([true, true, true, true]);
  expect(await chosen({ kernelsFor: 'software' })).toEqual([true, true, false, false]);
  const without = { withoutLanguageFeatures: ['packed_4x8_integer_dot_product'] } as const;
  expect(await chosen({ kernelsFor: 'hardware', ...without })).toEqual([false, false, false, false]);
});
