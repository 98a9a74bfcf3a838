import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { readFloats } from '../../engines/webgpu/transfer';
import { matrixFrom, transpose } from '../../linalg/matrix';
import { product } from '../../linalg/matrix-product';
import { truncatedSvd } from '../../linalg/truncated-svd';
import { loadModel } from '../../model/load-model';
import { expectAllClose, seededNormal } from '../../testing/allclose';
import fixture from '../../testing/fixtures/activation-aware-low-rank.json';
import { openFolder } from '../../testing/folder-checkpoint';
import { referenceMatmul } from '../../testing/reference-matmul';
import { DenseWeight } from '../../weights/formats/dense-weight';
import { applyStep } from '../recipe/apply-step';
import { statisticsOf } from '../calibration/calibration';
import { compressMatrix } from '../recipe/compress-matrix';
import { type CompressionMethod, RecipeError } from '../method';
import { activationAwareLowRank } from './activation-aware-low-rank';
import { lowRank } from './low-rank';

beforeAll(() => openNodeGpu());

const ID = 'activation-aware-low-rank';

interface Result {
  readonly rank: number;
  readonly leastOutputError: number;
  readonly plainOutputError: number;
  readonly cholesky?: { readonly outputError: number; readonly dense: number[] | null };
  readonly diagonal: readonly {
    readonly alpha: number;
    readonly outputError: number;
    readonly dense: number[] | null;
  }[];
}

interface Case {
  readonly shape: readonly [number, number];
  readonly values: readonly number[];
  readonly inputs: readonly number[];
  readonly results: readonly Result[];
}

async function compressed({ shape, values, inputs }: Case, json: unknown): Promise<Float32Array> {
  const weight = await compressMatrix(ID, json, Float32Array.from(values), shape, Float32Array.from(inputs));
  expect(weight.format).toBe('low-rank');
  const dense = await weight.dense();
  weight.dispose();
  return dense;
}

/** ‖(W − Ŵ)X‖F² in float64. */
function outputError({ shape: [outputs, width], values, inputs }: Case, dense: Float32Array): number {
  const difference = values.map((value, index) => value - dense[index]);
  const y = referenceMatmul(inputs, difference, [inputs.length / width, width, outputs]);
  return y.reduce((sum, value) => sum + value * value, 0);
}

/** Relative: the covariance passed to a method is rounded to float32. */
const ROUNDING = 2e-5;

describe.each(Object.entries(fixture) as unknown as [string, Case][])('%s', (_, reference) => {
  test.each(reference.results)('rank $rank by the covariance, as in PyTorch', async (result) => {
    const dense = await compressed(reference, { rank: result.rank });
    const error = outputError(reference, dense);
    // For a singular covariance, raised by 1e-7 of its mean, the least error is no more than rounding.
    const total = outputError(reference, new Float32Array(dense.length));
    expect(Math.abs(error - result.leastOutputError)).toBeLessThan(
      ROUNDING * result.leastOutputError + 1e-6 * total,
    );
    expect(error).toBeLessThan(result.plainOutputError);
    if (result.cholesky?.dense) {
      expectAllClose(dense, result.cholesky.dense, { absolute: 2e-4, relative: 1e-3 });
    }
  });

  test.each(reference.results)('rank $rank by the magnitude of each input, as in PyTorch', async (result) => {
    for (const { alpha, outputError: expected, dense: expectedDense } of result.diagonal) {
      const dense = await compressed(reference, { rank: result.rank, whitening: 'diagonal', alpha });
      expect(outputError(reference, dense) / expected).toBeCloseTo(1, 5);
      if (expectedDense) expectAllClose(dense, expectedDense, { absolute: 1e-5, relative: 1e-5 });
    }
  });
});

test('the squared error of the outputs is the sum of the discarded squared singular values of W·S', async () => {
  const [outputs, inputs, tokens, rank] = [33, 21, 90, 6];
  const values = seededNormal(outputs * inputs, 1);
  const mixing = matrixFrom(seededNormal(inputs * inputs, 2), inputs, inputs);
  const x = await product(matrixFrom(seededNormal(tokens * inputs, 3), tokens, inputs), mixing);
  const reference: Case = {
    shape: [outputs, inputs],
    values: [...values],
    inputs: [...Float32Array.from(x.values)],
    results: [],
  };
  const error = outputError(reference, await compressed(reference, { rank }));
  // W·X has the singular values of W·S.
  const wx = await product(matrixFrom(values, outputs, inputs), transpose(x));
  const { singularValues } = await truncatedSvd(wx, Math.min(outputs, inputs));
  const discarded = singularValues.subarray(rank).reduce((sum, value) => sum + value * value, 0);
  expect(error / discarded).toBeCloseTo(1, 4);
});

test('α of 0 is plain low rank, and inputs that are always zero do no harm', async () => {
  const [values, shape] = [seededNormal(14 * 10, 4), [14, 10] as const];
  const inputs = seededNormal(30 * 10, 5).map((value, index) => (index % 10 === 3 ? 0 : value));
  const plain = await compressMatrix('low-rank', { rank: 3 }, values, shape);
  const same = await compressMatrix(ID, { rank: 3, whitening: 'diagonal', alpha: 0 }, values, shape, inputs);
  expectAllClose(await same.dense(), await plain.dense(), { absolute: 1e-6, relative: 1e-6 });
  for (const whitening of ['cholesky', 'diagonal']) {
    const weight = await compressMatrix(ID, { rank: 9, whitening }, values, shape, inputs);
    const reference: Case = { shape, values: [...values], inputs: [...inputs], results: [] };
    // With nine nonzero inputs, rank 9 reproduces every output.
    expect(outputError(reference, await weight.dense())).toBeLessThan(1e-6);
    weight.dispose();
  }
  plain.dispose();
  same.dispose();
});

test('a calibration text with zero inputs gives plain low rank', async () => {
  const [values, shape] = [seededNormal(14 * 10, 4), [14, 10] as const];
  const plain = await compressMatrix('low-rank', { rank: 3 }, values, shape);
  const same = await compressMatrix(ID, { rank: 3 }, values, shape, new Float32Array(20));
  expectAllClose(await same.dense(), await plain.dense(), { absolute: 1e-6, relative: 1e-6 });
  plain.dispose();
  same.dispose();
});

test('parameters are those of the factors, and the rank follows from a share as for low-rank', async () => {
  const [values, shape] = [seededNormal(24 * 36, 6), [24, 36] as const];
  const weight = await compressMatrix(ID, { parametersKept: 0.5 }, values, shape, seededNormal(50 * 36, 7));
  expect(weight.parameters).toBe(7 * (24 + 36));
  weight.dispose();
});

test('parameters that do not fit are refused in one sentence', async () => {
  const [values, inputs] = [seededNormal(24, 1), seededNormal(60, 2)];
  const attempt = (json: unknown, given = inputs) => compressMatrix(ID, json, values, [4, 6], given);
  await expect(attempt({})).rejects.toThrow(`${ID} takes exactly one of "rank" and "parametersKept"`);
  await expect(attempt({ rank: 5 })).rejects.toThrow('has no rank of 5; the greatest is 4');
  await expect(attempt({ rank: 2 }, inputs.fill(NaN, 0, 1))).rejects.toThrow(RecipeError);
  expect(() => activationAwareLowRank.schema.parse({ rank: 2, whitening: 'zca' })).toThrow(
    'whitening must be \\"cholesky\\" or \\"diagonal\\"',
  );
});

test('reports progress and stops when cancelled', async () => {
  const [outputs, inputs] = [48, 60];
  const values = seededNormal(outputs * inputs, 8);
  const weight = DenseWeight.fromValues(values, [outputs, inputs]);
  const target = { name: 'h.0.c_fc', shape: weight.shape, values, weight };
  const statistics = statisticsOf(seededNormal(100 * inputs, 9), inputs);
  const parameters = activationAwareLowRank.schema.parse({ rank: 6 });
  const shares: number[] = [];
  const onProgress = (share: number) => shares.push(share);
  const done = await activationAwareLowRank.compressCalibrated(target, statistics, parameters, {
    onProgress,
  });
  expect(shares.length).toBeGreaterThan(0);
  expect(shares).toEqual([...shares].sort((left, right) => left - right));
  const before = tf.memory().numTensors;
  const context = { signal: AbortSignal.abort() };
  await expect(
    activationAwareLowRank.compressCalibrated(target, statistics, parameters, context),
  ).rejects.toThrow(/abort/i);
  expect(tf.memory().numTensors).toBe(before);
  done.dispose();
  weight.dispose();
});

test.each(['gpt2', 'bert'])(
  'tiny %s, block after block: the logits are closer than with plain low rank',
  async (family) => {
    const base = await loadModel(await openFolder(`src/testing/fixtures/tiny-${family}`));
    const ids = Int32Array.from({ length: 8 * 12 }, (_, index) => 3 + ((index * index * 7 + index) % 70));
    const batch = { ids, batch: 8, length: 12 };
    const expected = base.logits(batch);
    const logits = await readFloats(expected);
    const distances: number[] = [];
    for (const [method, json] of [
      [lowRank, { rank: 9 }],
      [activationAwareLowRank, { rank: 9 }],
    ] as [CompressionMethod, unknown][]) {
      const step = { method, parameters: method.schema.parse(json) };
      const smaller = await applyStep(base, step, base.blockLinears, {
        calibration: { text: 'text', batches: [batch] },
      });
      expect(base.blockLinears.map((name) => smaller.linears.get(name)!.format)).not.toContain('dense');
      const y = smaller.logits(batch);
      const got = await readFloats(y);
      distances.push(Math.hypot(...got.map((value, index) => value - logits[index])));
      y.dispose();
      smaller.dispose();
    }
    const [plain, aware] = distances;
    expect(aware).toBeLessThan(plain);
    expected.dispose();
    base.dispose();
  },
);
