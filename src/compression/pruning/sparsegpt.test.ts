import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { matrixFrom } from '../../linalg/matrix';
import { product } from '../../linalg/matrix-product';
import { expectAllClose, seededNormal } from '../../testing/allclose';
import { reload } from '../../testing/factorized-weight';
import reference from '../../testing/fixtures/sparsegpt.json';
import { outputError } from '../../testing/output-error';
import { DenseWeight } from '../../weights/formats/dense-weight';
import { NOfMWeight } from '../../weights/formats/n-of-m-weight';
import { SparseWeight } from '../../weights/formats/sparse-weight';
import { statisticsOf } from '../calibration/calibration';
import { compressMatrix } from '../recipe/compress-matrix';
import { sparseGpt } from './sparsegpt';

beforeAll(() => openNodeGpu());

const shape = [reference.weights.length, reference.weights[0].length] as const;
const weights = Float32Array.from(reference.weights.flat());
const inputs = Float32Array.from(reference.inputs.flat());

async function pruned(parameters: object, values = weights): Promise<Float32Array> {
  const weight = await compressMatrix('sparsegpt', parameters, values, shape, inputs);
  const dense = await weight.dense();
  weight.dispose();
  return dense;
}

const zerosOf = (values: Float32Array) => values.filter((value) => value === 0).length;

describe("agrees with PyTorch's", () => {
  test.each(reference.results)('$parameters', async ({ parameters, mask, error, values }) => {
    const dense = await pruned(parameters);
    expect(Array.from(dense, (value) => (value === 0 ? '0' : '1')).join('')).toBe(mask.join(''));
    expectAllClose([outputError(weights, dense, inputs, shape)], [error], { absolute: 0, relative: 1e-4 });
    if (values) expectAllClose(dense, values.flat(), { absolute: 2e-5, relative: 1e-5 });
  });
});

/**
 * Layer with correlated inputs of different magnitudes, as in a transformer: the relative output error of each
 * method.
 */
async function lossesOf(seed: number, parameters: object): Promise<Record<string, number>> {
  const [outputs, width, tokens] = [32, 64, 512];
  const sourceSize = (source: number) => 1 / (1 + source / 8);
  const inputSizes = seededNormal(width, seed + 3).map((value) => Math.exp(0.7 * value));
  const sources = seededNormal(tokens * width, seed).map((value, index) => value * sourceSize(index % width));
  const mixing = seededNormal(width * width, seed + 1).map(
    (value, index) => value * inputSizes[index % width],
  );
  const mixed = await product(matrixFrom(sources, tokens, width), matrixFrom(mixing, width, width));
  const given = Float32Array.from(mixed.values);
  const values = seededNormal(outputs * width, seed + 2);
  const losses: Record<string, number> = {};
  for (const id of ['magnitude-pruning', 'wanda', 'sparsegpt']) {
    const json = id === 'sparsegpt' ? { ...parameters, blockSize: 16 } : parameters;
    const weight = await compressMatrix(id, json, values, [outputs, width], given);
    losses[id] = outputError(values, await weight.dense(), given, [outputs, width]);
    weight.dispose();
  }
  return losses;
}

test.each([{ sparsity: 0.3 }, { sparsity: 0.5 }, { sparsity: 0.7 }, { pattern: '2:4' }, { pattern: '4:8' }])(
  'with correlated inputs %j loses less than Wanda, which loses less than magnitude pruning',
  async (parameters) => {
    for (const seed of [10, 20, 30]) {
      const losses = await lossesOf(seed, parameters);
      expect(losses.sparsegpt).toBeLessThan(0.8 * losses.wanda);
      expect(losses.wanda).toBeLessThan(0.8 * losses['magnitude-pruning']);
    }
  },
);

describe('stored values', () => {
  test.each([
    [{ sparsity: 0.5 }, SparseWeight, 32],
    [{ sparsity: 0.5, bits: 4 }, SparseWeight, 4],
    [{ sparsity: 0.5, bits: 8, groupSize: 14 }, SparseWeight, 8],
    [{ sparsity: 0.5, bits: 3, groupSize: 28 }, SparseWeight, 3],
    [{ pattern: '2:4' }, NOfMWeight, 32],
    [{ pattern: '2:4', bits: 2 }, NOfMWeight, 2],
    [{ pattern: '2:4', bits: 4, groupSize: 28 }, NOfMWeight, 4],
  ])('%j', async (parameters, form, bits) => {
    const weight = await compressMatrix('sparsegpt', parameters, weights, shape, inputs);
    expect(weight).toBeInstanceOf(form);
    expect(weight.attributes().values).toMatchObject({ bits });
    expect(weight.parameters).toBeLessThanOrEqual(weights.length / 2);
    const again = await reload(weight);
    expect(await again.dense()).toEqual(await weight.dense());
    weight.dispose();
    again.dispose();
  });

  test('quantizing in the same pass loses less than pruning first and rounding afterwards', async () => {
    const together = await pruned({ pattern: '2:4', bits: 4 });
    const first = await compressMatrix('sparsegpt', { pattern: '2:4' }, weights, shape, inputs);
    const after = await (first as NOfMWeight).quantizeStored({
      bits: 4,
      strategy: 'channel',
      symmetric: false,
    });
    const afterwards = await after.dense();
    first.dispose();
    after.dispose();
    expect(outputError(weights, together, inputs, shape)).toBeLessThan(
      outputError(weights, afterwards, inputs, shape),
    );
  });
});

describe('a matrix that is already sparse', () => {
  const sparse = weights.map((value, index) => ((index * 7) % 10 < 3 ? 0 : value));

  test.each([{ sparsity: 0.5 }, { sparsity: 0.5, blockSize: 16 }, { pattern: '2:4' }, { pattern: '3:4' }])(
    'keeps its zeros with %j',
    async (parameters) => {
      const dense = await pruned(parameters, sparse);
      sparse.forEach((value, index) => value === 0 && expect(dense[index]).toBe(0));
    },
  );

  test('its zeros count', async () => {
    expect(zerosOf(await pruned({ sparsity: 0.5 }, sparse))).toBe(weights.length / 2);
    expect(zerosOf(await pruned({ sparsity: 0.1 }, sparse))).toBe(
      // The two dead inputs lose their weights at any sparsity.
      sparse.filter((value, index) => value === 0 || [13, 40].includes(index % shape[1])).length,
    );
  });
});

test.each([
  [{}, 'needs a "sparsity" between 0 and 1'],
  [{ pattern: '2:5' }, 'its 56 columns are not a multiple of 5'],
  [{ pattern: '2:4', blockSize: 10 }, 'choose a "blockSize" that is a multiple of 4.'],
  [{ sparsity: 0.5, bits: 5 }, 'bits must be 32 (not quantized), 8, 4, 3 or 2'],
  [{ sparsity: 0.5, groupSize: 8 }, 'set "bits" to 8, 4, 3 or 2, or leave it out.'],
  [{ sparsity: 0.5, bits: 4, groupSize: 9 }, 'Groups of 9 do not divide the width of h.0.c_fc'],
  [{ sparsity: 0.5, damping: 0 }, 'damping'],
])('%j is refused in one sentence', async (parameters, message) => {
  await expect(compressMatrix('sparsegpt', parameters, weights, shape, inputs)).rejects.toThrow(message);
});

test('reports progress and stops when cancelled', async () => {
  const [outputs, width] = [200, 400];
  const values = seededNormal(outputs * width, 1);
  const weight = DenseWeight.fromValues(values, [outputs, width]);
  const target = { name: 'h.0.c_fc', shape: [outputs, width] as const, values, weight };
  const statistics = statisticsOf(seededNormal(20 * width, 2), width);
  const parameters = sparseGpt.schema.parse({ sparsity: 0.5 });
  const shares: number[] = [];
  const onProgress = (share: number) => shares.push(share);
  const done = await sparseGpt.compressCalibrated(target, statistics, parameters, { onProgress });
  expect(shares.at(-1)).toBe(1);
  expect(shares).toEqual([...shares].sort((left, right) => left - right));
  const before = tf.memory().numTensors;
  const stopped = { signal: AbortSignal.abort() };
  await expect(sparseGpt.compressCalibrated(target, statistics, parameters, stopped)).rejects.toThrow(
    /abort/i,
  );
  expect(tf.memory().numTensors).toBe(before);
  done.dispose();
  weight.dispose();
});
