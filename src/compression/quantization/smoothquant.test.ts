import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { readFloats, uploadTensor } from '../../engines/webgpu/transfer';
import { expectAllClose, seededNormal } from '../../testing/allclose';
import fixture from '../../testing/fixtures/smoothquant.json';
import { referenceMatmul } from '../../testing/reference-matmul';
import { compressMatrix } from '../recipe/compress-matrix';
import { RecipeError } from '../method';
import { smoothquant } from './smoothquant';

beforeAll(() => openNodeGpu());

interface Result {
  readonly migrationStrength: number;
  readonly scales: readonly number[];
  readonly output: readonly number[];
  readonly outputError: number;
  readonly unsmoothedOutputError: number;
}

interface Case {
  readonly shape: readonly [number, number];
  readonly values: readonly number[];
  readonly inputs: readonly number[];
  readonly results: readonly Result[];
}

const CASES = Object.entries(fixture) as unknown as [string, Case][];

describe.each(CASES)('%s', (_, { shape, values, inputs, results }) => {
  const [outputs, width] = shape;
  const tokens = inputs.length / width;

  test.each(results)('strength $migrationStrength: scales and W8A8 product of PyTorch', async (result) => {
    const given = Float32Array.from(inputs);
    const { migrationStrength } = result;
    const weight = await compressMatrix(
      'smoothquant',
      { migrationStrength },
      Float32Array.from(values),
      shape,
      given,
    );
    expect(weight.format).toBe('w8a8');
    const stored = weight.stored().find(({ suffix }) => suffix === 'input_scales')!;
    const inputScales = new Float32Array((await stored.read()).slice().buffer);
    expectAllClose(
      inputScales,
      result.scales.map((scale) => 1 / scale),
      { absolute: 0, relative: 1e-6 },
    );
    const x = uploadTensor(given, [tokens, width]);
    const y = weight.matmul(x);
    const got = await readFloats(y);
    expectAllClose(got, result.output, { absolute: 1e-4, relative: 1e-6 });
    const exact = referenceMatmul(inputs, values, [tokens, width, outputs]);
    const lost = exact.reduce((sum, value, index) => sum + (value - got[index]) ** 2, 0);
    expect(lost / result.outputError).toBeCloseTo(1, 3);
    expect(lost).toBeLessThan(result.unsmoothedOutputError);
    // A single token uses another kernel with the same codes.
    const first = uploadTensor(given.slice(0, width), [1, width]);
    const alone = weight.matmul(first);
    expectAllClose(await readFloats(alone), result.output.slice(0, outputs), {
      absolute: 1e-4,
      relative: 1e-6,
    });
    tf.dispose([x, y, first, alone]);
    weight.dispose();
  });
});

test('an input that is always zero does not change its weights', async () => {
  const [values, shape] = [seededNormal(6 * 8, 1), [6, 8] as const];
  const inputs = seededNormal(20 * 8, 2).map((value, index) => (index % 8 === 3 ? 0 : 50 * value));
  const weight = await compressMatrix('smoothquant', {}, values, shape, inputs);
  const x = uploadTensor(
    Float32Array.from({ length: 8 }, (_, index) => Number(index === 3)),
    [1, 8],
  );
  const y = weight.matmul(x);
  const column = values.filter((_, index) => index % 8 === 3);
  expectAllClose(await readFloats(y), column, { absolute: 0.15 });
  tf.dispose([x, y]);
  weight.dispose();
});

test('parameters that do not fit are refused in one sentence', async () => {
  const inputs = seededNormal(24, 2).fill(NaN, 0, 1);
  const attempt = compressMatrix('smoothquant', {}, seededNormal(24, 1), [4, 6], inputs);
  await expect(attempt).rejects.toThrow(RecipeError);
  expect(() => smoothquant.schema.parse({ migrationStrength: 2 })).toThrow('<=1');
  expect(() => smoothquant.schema.parse({ alpha: 0.5 })).toThrow('alpha');
});
