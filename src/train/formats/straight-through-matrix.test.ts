import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { readFloats, writeElements } from '../../engines/webgpu/transfer';
import { expectAllClose, seededNormal } from '../../testing/allclose';
import { lossAndGradients } from '../../testing/matrix-loss';
import { DenseWeight } from '../../weights/formats/dense-weight';
import type { QuantizationScheme } from '../../weights/quantization';
import { QuantizedWeight } from '../../weights/formats/quantized-weight';
import { SparseWeight } from '../../weights/formats/sparse-weight';
import { StraightThroughMatrix } from './straight-through-matrix';

beforeAll(() => openNodeGpu());

const SHAPE = [10, 24] as const;
const VALUES = positivePeaks(seededNormal(240, 1));
const LATER = positivePeaks(seededNormal(240, 2));
const SCHEMES: readonly QuantizationScheme[] = [
  { bits: 8, strategy: 'channel', symmetric: true },
  { bits: 4, strategy: 'group', groupSize: 8, symmetric: true },
  { bits: 4, strategy: 'group', groupSize: 8, symmetric: true, symmetricRange: 'whole' },
  { bits: 3, strategy: 'group', groupSize: 6, symmetric: false },
  { bits: 2, strategy: 'tensor', symmetric: true },
];

/** Makes the greatest magnitude of each group positive: a negative one lies halfway between codes of the full range. */
function positivePeaks(values: Float32Array): Float32Array {
  for (let start = 0; start < values.length; start += 8) {
    const group = values.subarray(start, start + 8);
    if (Math.max(...group) < -Math.min(...group)) group.set(group.map((value) => -value));
  }
  return values;
}

async function matrixOf(values: Float32Array, scheme: QuantizationScheme): Promise<StraightThroughMatrix> {
  const weight = DenseWeight.fromValues(values, SHAPE);
  const matrix = await StraightThroughMatrix.of(weight, 'module', scheme);
  weight.dispose();
  return matrix;
}

async function denseOf(matrix: StraightThroughMatrix): Promise<Float32Array> {
  const dense = tf.tidy(() => matrix.dense());
  const values = await readFloats(dense);
  dense.dispose();
  return values;
}

async function bytesOf(weight: QuantizedWeight): Promise<number[][]> {
  return Promise.all(weight.stored().map(async (tensor) => [...(await tensor.read())]));
}

describe.each(SCHEMES)('%j', (scheme) => {
  test('the forward pass uses the present latent values rounded to nearest', async () => {
    const matrix = await matrixOf(VALUES, scheme);
    for (const values of [VALUES, LATER]) {
      writeElements(matrix.parameters[0].tensor, 0, values);
      const rounded = QuantizedWeight.fromValues(values, SHAPE, scheme);
      expectAllClose(await denseOf(matrix), await rounded.dense(), { absolute: 1e-6, relative: 1e-6 });
      rounded.dispose();
    }
    matrix.dispose();
  });

  test('the weight holds the latent values rounded to nearest, byte for byte', async () => {
    const matrix = await matrixOf(VALUES, scheme);
    writeElements(matrix.parameters[0].tensor, 0, LATER);
    matrix.setNoise({ share: 0.1, blockColumns: 4, seed: 1, step: 1 });
    const [found, expected] = [
      (await matrix.toWeight()) as QuantizedWeight,
      QuantizedWeight.fromValues(LATER, SHAPE, scheme),
    ];
    expect(found.attributes()).toEqual(expected.attributes());
    expect(await bytesOf(found)).toEqual(await bytesOf(expected));
    for (const owned of [matrix, found, expected]) owned.dispose();
  });

  test('the gradient equals the one with respect to the rounded values', async () => {
    const matrix = await matrixOf(VALUES, scheme);
    const rounded = QuantizedWeight.fromValues(VALUES, SHAPE, scheme);
    const values = await rounded.dense();
    const loss = { weights: new Float32Array(240).fill(2), targets: LATER };
    const { gradients } = await lossAndGradients(matrix, loss);
    const expected = values.map((value, index) => 2 * (value - LATER[index]));
    expectAllClose(gradients[0], expected, { absolute: 1e-5, relative: 1e-5 });
    matrix.dispose();
    rounded.dispose();
  });
});

test('with noise a different share of blocks is rounded in each step, without it all are', async () => {
  const scheme = SCHEMES[1];
  const matrix = await matrixOf(VALUES, scheme);
  const every = await denseOf(matrix);
  const drawn: string[] = [];
  for (const step of [1, 2, 1]) {
    matrix.setNoise({ share: 0.5, blockColumns: 4, seed: 3, step });
    const dense = await denseOf(matrix);
    expect(dense.every((value, index) => value === VALUES[index] || value === every[index])).toBe(true);
    const rounded = dense.filter((value, index) => value !== VALUES[index]).length;
    expect(rounded).toBeGreaterThan(48);
    expect(rounded).toBeLessThan(192);
    drawn.push(dense.join());
  }
  expect(drawn[0]).not.toBe(drawn[1]);
  expect(drawn[0]).toBe(drawn[2]);
  matrix.setNoise(undefined);
  expect(await denseOf(matrix)).toEqual(every);
  matrix.dispose();
});

test('zeros of a sparse weight stay masked', async () => {
  const values = VALUES.map((value) => (Math.abs(value) < 0.7 ? 0 : value));
  const weight = SparseWeight.fromDense(values, SHAPE);
  const scheme: QuantizationScheme = { bits: 4, strategy: 'group', groupSize: 8, symmetric: false };
  const matrix = await StraightThroughMatrix.of(weight, 'module', scheme);
  const [found, expected] = [await matrix.toWeight(), await weight.quantizeStored(scheme)];
  expect(found.format).toBe('sparse');
  expect(await found.dense()).toEqual(await expected.dense());
  expectAllClose(await denseOf(matrix), await expected.dense(), { absolute: 1e-6, relative: 1e-6 });
  const loss = { weights: new Float32Array(240).fill(1), targets: LATER };
  const { gradients } = await lossAndGradients(matrix, loss);
  expect(gradients[0].every((gradient, index) => values[index] !== 0 || gradient === 0)).toBe(true);
  for (const owned of [weight, matrix, found, expected]) owned.dispose();
});
