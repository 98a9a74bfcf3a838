import { beforeAll, describe, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { expectAllClose } from '../../testing/allclose';
import { reload } from '../../testing/factorized-weight';
import reference from '../../testing/fixtures/gptq.json';
import { outputError } from '../../testing/output-error';
import { BlockSparseWeight } from '../../weights/formats/block-sparse-weight';
import type { LinearWeight } from '../../weights/linear-weight';
import { NOfMWeight } from '../../weights/formats/n-of-m-weight';
import { unpackCodes } from '../../weights/quantization';
import { QuantizedWeight } from '../../weights/formats/quantized-weight';
import { SparseWeight } from '../../weights/formats/sparse-weight';
import { statisticsOf } from '../calibration/calibration';
import { compressMatrix } from '../recipe/compress-matrix';
import { gptq } from './gptq';

beforeAll(() => openNodeGpu());

interface Result {
  readonly parameters: { readonly bits: number; readonly symmetric?: boolean };
  readonly error: number;
  /** One string for each row, one digit for each code; none for 8 bits. */
  readonly codes?: string[];
}

/** Codes in the authors' convention, from 0 on, one string for each row. */
async function digitsOf(weight: LinearWeight, { bits, symmetric }: Result['parameters']): Promise<string[]> {
  const [rows, width] = weight.shape;
  const bytes = await weight
    .stored()
    .find(({ suffix }) => suffix === 'codes')!
    .read();
  const slots = (bytes.length * 8) / bits / rows;
  const codes = unpackCodes(new Uint32Array(bytes.slice().buffer), bits, rows * slots, symmetric ?? false);
  const digits = Array.from(codes, (code) => (code + (symmetric ? 2 ** (bits - 1) : 0)).toString(16));
  return Array.from({ length: rows }, (_, row) => digits.slice(row * slots, row * slots + width).join(''));
}

function layerOf(size: 'narrow' | 'wide') {
  const { weights, inputs } = reference[size];
  const shape = [weights.length, weights[0].length] as const;
  return { shape, weights: Float32Array.from(weights.flat()), inputs: Float32Array.from(inputs.flat()) };
}

describe.each(['narrow', 'wide'] as const)("of a %s layer the codes and the error are PyTorch's", (size) => {
  const { shape, weights, inputs } = layerOf(size);
  test.each(reference[size].results as Result[])('$parameters', async ({ parameters, error, codes }) => {
    const weight = await compressMatrix('gptq', parameters, weights, shape, inputs);
    expect(weight).toBeInstanceOf(QuantizedWeight);
    const loss = outputError(weights, await weight.dense(), inputs, shape);
    expectAllClose([loss], [error], { absolute: 0, relative: 1e-4 });
    if (codes) expect(await digitsOf(weight, parameters)).toEqual(codes);
    weight.dispose();
  });
});

const { shape, weights, inputs } = layerOf('narrow');

async function lossOf(id: string, parameters: object): Promise<number> {
  const weight = await compressMatrix(id, parameters, weights, shape, inputs);
  const loss = outputError(weights, await weight.dense(), inputs, shape);
  weight.dispose();
  return loss;
}

test.each([8, 4, 3, 2])('at %i bits the output loses less than by rounding to nearest', async (bits) => {
  const nearest = await lossOf('round-to-nearest', { bits, symmetric: false });
  expect(await lossOf('gptq', { bits })).toBeLessThan(0.8 * nearest);
});

describe('a sparse weight stays sparse', () => {
  const statistics = statisticsOf(inputs, shape[1]);

  async function rounded(values: Float32Array, weight: LinearWeight, parameters: object) {
    const target = { name: 'h.0.c_fc', shape, values, weight };
    return gptq.compressCalibrated(target, statistics, gptq.schema.parse(parameters), {});
  }

  test.each(reference.sparse.results as Result[])("PyTorch's error: $parameters", async (result) => {
    const values = Float32Array.from(reference.sparse.weights.flat());
    const before = SparseWeight.fromDense(values, shape);
    const after = await rounded(values, before, result.parameters);
    const dense = await after.dense();
    expect(after).toBeInstanceOf(SparseWeight);
    dense.forEach((value, index) => values[index] === 0 && expect(value).toBe(0));
    const loss = outputError(values, dense, inputs, shape);
    expectAllClose([loss], [result.error], { absolute: 0, relative: 1e-4 });
    const again = await reload(after);
    expect(await again.dense()).toEqual(dense);
    for (const weight of [before, after, again]) weight.dispose();
  });

  test('2 of 4', async () => {
    const values = weights.map((value, index) => (index % 4 < 2 ? 0 : value));
    const before = NOfMWeight.fromDense(values, shape, 2, 4);
    const after = await rounded(values, before, { bits: 8 });
    const dense = await after.dense();
    expect(after).toBeInstanceOf(NOfMWeight);
    dense.forEach((value, index) => index % 4 < 2 && expect(value).toBe(0));
    expect(outputError(values, dense, inputs, shape)).toBeLessThan(1e-3);
    before.dispose();
    after.dispose();
  });

  test('blocks', async () => {
    const [rows, width] = [8, 4];
    const isKept = (row: number, column: number) => (row + column) % 2 === 0;
    const kept = Array.from({ length: 24 }, (_, index) => isKept(Math.floor(index / 12), index % 12));
    const values = weights.map((value, index) => {
      const [row, column] = [Math.floor(index / shape[1]), index % shape[1]];
      return isKept(Math.floor(row / rows), Math.floor(column / width)) ? value : 0;
    });
    const before = BlockSparseWeight.fromKept(values, shape, [rows, width], kept);
    const after = await rounded(values, before, { bits: 8 });
    const dense = await after.dense();
    expect(after).toBeInstanceOf(BlockSparseWeight);
    dense.forEach((value, index) => values[index] === 0 && expect(value).toBe(0));
    expect(outputError(values, dense, inputs, shape)).toBeLessThan(1e-3);
    before.dispose();
    after.dispose();
  });
});

test.each([
  [{ bits: 5 }, 'bits must be 8, 4, 3 or 2'],
  [
    { groupSize: 5 },
    'Groups of 5 do not divide the width of h.0.c_fc; choose a "groupSize" that divides 48.',
  ],
])('%j is refused in one sentence', async (parameters, message) => {
  await expect(compressMatrix('gptq', parameters, weights, shape, inputs)).rejects.toThrow(message);
});
