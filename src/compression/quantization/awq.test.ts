import { beforeAll, describe, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { matrixFrom } from '../../linalg/matrix';
import type { AttentionRole } from '../../model/model';
import { loadModel } from '../../model/load-model';
import { expectAllClose, seededNormal } from '../../testing/allclose';
import fixture from '../../testing/fixtures/awq.json';
import calibration from '../../testing/fixtures/calibration.json';
import { openFolder } from '../../testing/folder-checkpoint';
import { outputError } from '../../testing/output-error';
import type { LinearWeight } from '../../weights/linear-weight';
import { DenseWeight } from '../../weights/formats/dense-weight';
import { SparseWeight } from '../../weights/formats/sparse-weight';
import { applyStep } from '../recipe/apply-step';
import { statisticsOf } from '../calibration/calibration';
import { compressMatrix } from '../recipe/compress-matrix';
import { groupLimits } from './group-clipping';
import { RecipeError } from '../method';
import { awq } from './awq';

beforeAll(() => openNodeGpu());

interface Result {
  readonly bits: 3 | 4;
  readonly symmetric: boolean;
  readonly exponent: number;
  readonly scales: readonly number[];
  readonly outputErrors: readonly number[];
  readonly limits: readonly number[];
  readonly clippedRows: readonly number[];
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
    expect(weight.format).toBe('scaled');
    expect(weight.factors!.map((factor) => factor.weight.format)).toEqual(['quantized']);
    expectAllClose(
      await inputScalesOf(weight),
      result.scales.map((scale) => 1 / scale),
      { absolute: 0, relative: 1e-6 },
    );
    const error = outputError(values, await weight.dense(), inputs, shape);
    expect(error / Math.min(...result.outputErrors)).toBeCloseTo(1, 4);
    weight.dispose();
  });

  test.each(results)(
    '$bits bits, symmetric $symmetric: limits of groups by the authors’ rule',
    async ({ bits, symmetric, limits }) => {
      const [rows, columns] = shape;
      const hessian = statisticsOf(Float32Array.from(inputs), columns).get('hessian');
      const found = await groupLimits(
        matrixFrom(Float32Array.from(values), rows, columns),
        matrixFrom(hessian, columns, columns),
        { bits, symmetric, groupSize },
      );
      expectAllClose(found.values, limits, { absolute: 0, relative: 1e-6 });
    },
  );

  test.each(results)('$bits bits, symmetric $symmetric: clipped like the reference', async (result) => {
    const weight = await compressed(result, true);
    const dense = await weight.dense();
    const error = outputError(values, dense, inputs, shape);
    expect(error / result.clippedOutputError).toBeCloseTo(1, 4);
    if (result.clipped) expectAllClose(dense, result.clipped, { absolute: 1e-6, relative: 1e-5 });
    const unclipped = await compressed(result, false);
    const unclippedDense = await unclipped.dense();
    const differs = result.clippedRows.map((_, row) => {
      const [start, end] = [row * shape[1], (row + 1) * shape[1]];
      return Number(
        dense.subarray(start, end).some((value, place) => value !== unclippedDense[start + place]),
      );
    });
    expect(differs).toEqual(result.clippedRows);
    unclipped.dispose();
    weight.dispose();
  });

  test.each(results)('$bits bits, symmetric $symmetric: loses less than rounding alone', async (result) => {
    const rounding = { bits: result.bits, symmetric: result.symmetric, strategy: 'group', groupSize };
    const plain = await compressMatrix('round-to-nearest', rounding, Float32Array.from(values), shape);
    const error = outputError(values, await plain.dense(), inputs, shape);
    expect(error / result.outputErrors[0]).toBeCloseTo(1, 4);
    expect(result.clippedOutputError).toBeLessThan(error);
    plain.dispose();
  });
});

test('inputs of equal magnitude need no scales: the result is plain rounding in groups', async () => {
  const [values, shape] = [seededNormal(8 * 64, 1), [8, 64] as const];
  const inputs = new Float32Array(64 * 64);
  for (let input = 0; input < 64; input++) inputs[input * 65] = 1;
  const weight = await compressMatrix('awq', { clip: false }, values, shape, inputs);
  const rounding = { bits: 4, strategy: 'group', groupSize: 32, symmetric: false };
  const plain = await compressMatrix('round-to-nearest', rounding, values, shape);
  expect(weight.format).toBe('quantized');
  expect(await weight.dense()).toEqual(await plain.dense());
  weight.dispose();
  plain.dispose();
});

describe('clipped rows', () => {
  const [rows, columns] = [12, 32];
  const shape = [rows, columns] as const;
  const values = seededNormal(rows * columns, 6);
  const inputs = seededNormal(60 * columns, 7).map((value, index) => value * (1 + (index % 5)));

  async function compressed(clip: boolean, attentionRoles?: readonly AttentionRole[]): Promise<Float32Array> {
    const weight = DenseWeight.fromValues(values, shape);
    const target = { name: 'h.0.c_attn', shape, values, weight, attentionRoles };
    const parameters = awq.schema.parse({ bits: 3, groupSize: 8, clip });
    const result = await awq.compressCalibrated(target, statisticsOf(inputs, columns), parameters, {});
    const dense = await result.dense();
    weight.dispose();
    result.dispose();
    return dense;
  }

  test('of queries, keys and values in one matrix, only the rows of values', async () => {
    const [plain, clipped] = [await compressed(false), await compressed(true)];
    const fused = await compressed(true, ['query', 'key', 'value']);
    const ofValues = (2 / 3) * rows * columns;
    expect(fused.subarray(0, ofValues)).toEqual(plain.subarray(0, ofValues));
    expect(fused.subarray(ofValues)).toEqual(clipped.subarray(ofValues));
    expect(clipped.subarray(0, ofValues)).not.toEqual(plain.subarray(0, ofValues));
    expect(clipped.subarray(ofValues)).not.toEqual(plain.subarray(ofValues));
  });

  test('no separate query or key matrix, but the value matrix', async () => {
    const [plain, clipped] = [await compressed(false), await compressed(true)];
    expect(await compressed(true, ['query'])).toEqual(plain);
    expect(await compressed(true, ['key'])).toEqual(plain);
    expect(await compressed(true, ['value'])).toEqual(clipped);
  });
});

test.each([
  ['gpt2', 'transformer.h.0.attn.c_attn', 2 / 3],
  ['bert', 'bert.encoder.layer.0.attention.self.query', 1],
  ['bert', 'bert.encoder.layer.0.attention.self.key', 1],
  ['bert', 'bert.encoder.layer.0.attention.self.value', 0],
] as const)('of a %s, of %s a share of %f is not clipped', async (family, module, share) => {
  const base = await loadModel(await openFolder(`src/testing/fixtures/tiny-${family}`));
  const { ids } = calibration[family];
  const batch = { ids: Int32Array.from(ids.flat()), batch: ids.length, length: ids[0].length };
  const options = { calibration: { text: 'a text', batches: [batch] } };
  const compressed = async (clip: boolean) => {
    const step = { method: awq, parameters: awq.schema.parse({ bits: 3, groupSize: 8, clip }) };
    const variant = await applyStep(base, step, [module], options);
    const values = await variant.linears.get(module)!.dense();
    variant.dispose();
    return values;
  };
  const [plain, clipped] = [await compressed(false), await compressed(true)];
  const unclipped = share * plain.length;
  expect(clipped.subarray(0, unclipped)).toEqual(plain.subarray(0, unclipped));
  if (share < 1) expect(clipped.subarray(unclipped)).not.toEqual(plain.subarray(unclipped));
  base.dispose();
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
  expect(inner.weight.format).toBe('sparse');
  // Weights that are rounded to zero are not stored either.
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

test('parameters that do not fit are refused in one sentence', async () => {
  const [values, inputs] = [seededNormal(24 * 4, 1), seededNormal(24 * 9, 2)];
  const attempt = (json: unknown, given = inputs) => compressMatrix('awq', json, values, [4, 24], given);
  await expect(attempt({})).rejects.toThrow(
    'Groups of 32 do not divide the width of h.0.c_fc; choose a "groupSize" that divides 24.',
  );
  await expect(attempt({ groupSize: 8 }, inputs.fill(NaN, 0, 1))).rejects.toThrow(RecipeError);
  expect(() => awq.schema.parse({ bits: 8 })).toThrow('bits must be 4 or 3');
  expect(() => awq.schema.parse({ group: 8 })).toThrow('group');
});
