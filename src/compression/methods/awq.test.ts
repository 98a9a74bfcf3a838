import { beforeAll, describe, expect, test } from 'vitest';
import { openNodeGpu } from '../../gpu/node-gpu';
import { expectAllClose, seededNormal } from '../../testing/allclose';
import fixture from '../../testing/fixtures/awq.json';
import { outputError } from '../../testing/output-error';
import type { LinearWeight } from '../../weights/linear-weight';
import { SparseWeight } from '../../weights/sparse-weight';
import { statisticsOf } from '../calibration';
import { compressMatrix } from '../compress-matrix';
import { RecipeError } from '../method';
import { awq } from './awq';

beforeAll(() => openNodeGpu());

interface Result {
  readonly bits: number;
  readonly symmetric: boolean;
  readonly exponent: number;
  readonly scales: readonly number[];
  readonly outputErrors: readonly number[];
  readonly clippedOutputError: number;
  readonly clipped: readonly number[] | null;
}

interface Case {
  readonly shape: readonly [number, number];
  readonly groupSize: number;
  readonly values: readonly number[];
  readonly inputs: readonly number[];
  readonly results: readonly Result[];
}

const CASES = Object.entries(fixture) as unknown as [string, Case][];

async function inputScalesOf(weight: LinearWeight): Promise<Float32Array> {
  const stored = weight.stored().find(({ suffix }) => suffix === 'input_scales')!;
  return new Float32Array((await stored.read()).slice().buffer);
}

describe.each(CASES)('%s', (_, { shape, groupSize, values, inputs, results }) => {
  const compressed = ({ bits, symmetric }: Result, clip: boolean) =>
    compressMatrix(
      'awq',
      { bits, symmetric, groupSize, clip },
      Float32Array.from(values),
      shape,
      Float32Array.from(inputs),
    );

  test.each(results)('$bits bits, symmetric $symmetric: the scales of the reference', async (result) => {
    const weight = await compressed(result, false);
    expect(weight.form).toBe('scaled');
    expect(weight.factors!.map((factor) => factor.weight.form)).toEqual(['quantized']);
    expectAllClose(
      await inputScalesOf(weight),
      result.scales.map((scale) => 1 / scale),
      { absolute: 0, relative: 1e-6 },
    );
    const error = outputError(values, await weight.dense(), inputs, shape);
    expect(error / Math.min(...result.outputErrors)).toBeCloseTo(1, 4);
    weight.dispose();
  });

  test.each(results)('$bits bits, symmetric $symmetric: clipped as the reference', async (result) => {
    const weight = await compressed(result, true);
    const dense = await weight.dense();
    const error = outputError(values, dense, inputs, shape);
    expect(error / result.clippedOutputError).toBeCloseTo(1, 4);
    if (result.clipped) expectAllClose(dense, result.clipped, { absolute: 1e-6, relative: 1e-5 });
    weight.dispose();
  });

  test.each(results)(
    '$bits bits, symmetric $symmetric: less is lost than by rounding alone',
    async (result) => {
      const rounding = { bits: result.bits, symmetric: result.symmetric, strategy: 'group', groupSize };
      const plain = await compressMatrix('round-to-nearest', rounding, Float32Array.from(values), shape);
      const error = outputError(values, await plain.dense(), inputs, shape);
      expect(error / result.outputErrors[0]).toBeCloseTo(1, 4);
      expect(result.clippedOutputError).toBeLessThan(error);
      plain.dispose();
    },
  );
});

test('inputs of one size need no scales: what is left is plain rounding in groups', async () => {
  const [values, shape] = [seededNormal(8 * 64, 1), [8, 64] as const];
  const inputs = new Float32Array(64 * 64);
  for (let input = 0; input < 64; input++) inputs[input * 65] = 1;
  const weight = await compressMatrix('awq', { clip: false }, values, shape, inputs);
  const rounding = { bits: 4, strategy: 'group', groupSize: 32, symmetric: false };
  const plain = await compressMatrix('round-to-nearest', rounding, values, shape);
  expect(weight.form).toBe('quantized');
  expect(await weight.dense()).toEqual(await plain.dense());
  weight.dispose();
  plain.dispose();
});

test('a sparse matrix stays as sparse', async () => {
  const shape = [12, 64] as const;
  const values = seededNormal(12 * 64, 2).map((value) => (Math.abs(value) < 0.7 ? 0 : value));
  const inputs = seededNormal(50 * 64, 3).map((value, index) => value * (1 + (index % 64)));
  const sparse = SparseWeight.fromDense(values, shape);
  const target = { name: 'h.0.c_fc', shape, values, weight: sparse };
  const parameters = awq.schema.parse({});
  const weight = await awq.compressCalibrated(target, statisticsOf(inputs, 64), parameters, {});
  const [inner] = weight.factors!;
  expect(inner.weight.form).toBe('sparse');
  // What is rounded to zero is not stored either.
  expect(inner.weight.parameters).toBeGreaterThan(0.9 * sparse.parameters);
  expect(inner.weight.parameters).toBeLessThanOrEqual(sparse.parameters);
  const dense = await weight.dense();
  expect(dense.every((value, index) => values[index] !== 0 || value === 0)).toBe(true);
  sparse.dispose();
  weight.dispose();
});

test('inputs that are always zero do no harm', async () => {
  const [values, shape] = [seededNormal(6 * 32, 4), [6, 32] as const];
  const inputs = seededNormal(40 * 32, 5).map((value, index) => (index % 32 < 3 ? 0 : value));
  const weight = await compressMatrix('awq', {}, values, shape, inputs);
  const dense = await weight.dense();
  expect(dense.every(Number.isFinite)).toBe(true);
  expect(outputError(values, dense, inputs, shape)).toBeLessThan(0.01);
  weight.dispose();
});

test('what does not fit is refused in a sentence', async () => {
  const [values, inputs] = [seededNormal(24 * 4, 1), seededNormal(24 * 9, 2)];
  const attempt = (json: unknown, given = inputs) => compressMatrix('awq', json, values, [4, 24], given);
  await expect(attempt({})).rejects.toThrow(
    'Groups of 32 do not divide the width of h.0.c_fc; choose a "groupSize" that divides 24.',
  );
  await expect(attempt({ groupSize: 8 }, inputs.fill(NaN, 0, 1))).rejects.toThrow(RecipeError);
  expect(() => awq.schema.parse({ bits: 8 })).toThrow('bits must be 4 or 3');
  expect(() => awq.schema.parse({ group: 8 })).toThrow('group');
});
