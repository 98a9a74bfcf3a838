import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { seededNormal } from '../../testing/allclose';
import { compressionError, compressMatrix } from '../recipe/compress-matrix';
import { matrixFrom } from '../../linalg/matrix';
import { DenseWeight } from '../../weights/formats/dense-weight';
import type { MatrixMethod } from '../method';
import { kronecker } from './kronecker';
import { lowRank } from './low-rank';
import { greatestRank, leastShare, rankKeeping } from './tensor-train-ranks';
import { balancedFactors, tensorTrain } from './tensor-train';

beforeAll(() => openNodeGpu());

/** float32 rounds the factors and their product. */
const ROUNDING = 1e-6;

/** A sum of `terms` products of seeded matrices: A_k ⊗ B_k. */
function kroneckerSum(terms: number, [aRows, aColumns]: number[], [bRows, bColumns]: number[]): Float32Array {
  const [a, b] = [seededNormal(terms * aRows * aColumns, 1), seededNormal(terms * bRows * bColumns, 2)];
  const inputs = aColumns * bColumns;
  return Float32Array.from({ length: aRows * bRows * inputs }, (_, index) => {
    const [row, column] = [Math.floor(index / inputs), index % inputs];
    let sum = 0;
    for (let k = 0; k < terms; k++) {
      const fromA = (k * aRows + Math.floor(row / bRows)) * aColumns + Math.floor(column / bColumns);
      const fromB = (k * bRows + (row % bRows)) * bColumns + (column % bColumns);
      sum += a[fromA] * b[fromB];
    }
    return sum;
  });
}

describe('a matrix with the structure is reproduced exactly', () => {
  test('a Kronecker product, by one term of its shape', async () => {
    const values = kroneckerSum(1, [3, 5], [4, 2]);
    expect(await compressionError('kronecker', { terms: 1, aShape: [3, 5] }, values, [12, 10])).toBeLessThan(
      ROUNDING,
    );
    expect(
      await compressionError('kronecker', { terms: 1, aShape: [4, 2] }, values, [12, 10]),
    ).toBeGreaterThan(0.1);
  });

  test('a sum of three, by three terms and not by two', async () => {
    const values = kroneckerSum(3, [6, 3], [2, 7]);
    const error = (terms: number) =>
      compressionError('kronecker', { terms, aShape: ['1/2', '1/7'] }, values, [12, 21]);
    expect(await error(3)).toBeLessThan(ROUNDING);
    expect(await error(2)).toBeGreaterThan(0.05);
  });

  test('a matrix of rank 4, by that rank and not by 3', async () => {
    // Columns times rows are Kronecker products of a column and a row.
    const values = kroneckerSum(4, [19, 1], [1, 27]);
    expect(await compressionError('low-rank', { rank: 4 }, values, [19, 27])).toBeLessThan(ROUNDING);
    expect(await compressionError('low-rank', { rank: 3 }, values, [19, 27])).toBeGreaterThan(0.05);
  });

  test('any matrix, by a tensor train of full rank', async () => {
    const values = seededNormal(30 * 24, 5);
    const sizes = { rows: [2, 3, 5], columns: [4, 3, 2] };
    const maxRank = greatestRank([2 * 4, 3 * 3, 5 * 2]);
    expect(maxRank).toBe(10);
    expect(await compressionError('tensor-train', { ...sizes, maxRank }, values, [30, 24])).toBeLessThan(
      ROUNDING,
    );
    expect(
      await compressionError('tensor-train', { ...sizes, maxRank: maxRank - 1 }, values, [30, 24]),
    ).toBeGreaterThan(0.05);
    expect(
      await compressionError('tensor-train', { ...sizes, relativeError: 0 }, values, [30, 24]),
    ).toBeLessThan(ROUNDING);
  });

  test('a Kronecker product, by a tensor train of rank 1', async () => {
    const values = kroneckerSum(1, [3, 5], [4, 2]);
    expect(
      await compressionError('tensor-train', { rows: [3, 4], columns: [5, 2], maxRank: 1 }, values, [12, 10]),
    ).toBeLessThan(ROUNDING);
  });
});

test('parameters are exactly those of the factors', async () => {
  const [values, shape] = [seededNormal(24 * 36, 6), [24, 36] as const];
  for (const [id, parameters, expected] of [
    ['low-rank', { rank: 5 }, 5 * (24 + 36)],
    ['kronecker', { terms: 3, aShape: ['1/4', '1/3'] }, 3 * (6 * 12 + 4 * 3)],
    ['tensor-train', { rows: ['1/4', 4], columns: ['1/6', '6'], maxRank: 7 }, 7 * (6 * 6 + 4 * 6)],
    // Rank 7 holds 420 of 864 values, and rank 8 would hold 480.
    ['tensor-train', { rows: ['1/4', 4], columns: ['1/6', '6'], parametersKept: 0.5 }, 7 * (6 * 6 + 4 * 6)],
    ['tensor-train', { rows: [2, 3, 4], columns: 'auto', maxRank: 2 }, 2 * 2 * 3 + 2 * 3 * 3 * 2 + 2 * 4 * 4],
  ] as const) {
    const weight = await compressMatrix(id, parameters, values, shape);
    expect(weight.parameters, id).toBe(expected);
    expect(weight.storedBytes, id).toBe(4 * expected);
    weight.dispose();
  }
});

test('the rank of a tensor train that holds a share of the parameters', () => {
  // With 64·64 values in two cores, rank r holds 128·r.
  expect(rankKeeping(0.5, [64, 64])).toBe(16);
  expect(rankKeeping(0.49, [64, 64])).toBe(15);
  expect(rankKeeping(1, [64, 64])).toBe(32);
  // Three cores of 4 values each: ranks up to 4 on both sides, 4r + 4r² + 4r values of 64.
  expect([0.2, 0.5, 1].map((share) => rankKeeping(share, [4, 4, 4]))).toEqual([1, 2, 3]);
  expect(leastShare([4, 4, 4])).toBe(12 / 64);
  expect(rankKeeping(0.18, [4, 4, 4])).toBe(0);
});

test('automatic sizes of a tensor train', () => {
  expect(balancedFactors(768, 3)).toEqual([8, 8, 12]);
  expect(balancedFactors(192, 3)).toEqual([4, 6, 8]);
  expect(balancedFactors(192, 2)).toEqual([12, 16]);
  expect(balancedFactors(13, 2)).toEqual([1, 13]);
});

test('where one dimension does not split in three, both split in two', async () => {
  const values = seededNormal(26 * 24, 7);
  const weight = await compressMatrix('tensor-train', { maxRank: 4 }, values, [26, 24]);
  expect(weight.factors).toHaveLength(2);
  weight.dispose();
});

test.each([
  [[8, 8, 12], [4, 6, 8], 96],
  [[96, 8], [24, 8], 64],
  [[5], [7], 1],
])('the greatest rank of rows %j and columns %j', (rows, columns, greatest) => {
  expect(greatestRank(rows.map((row, index) => row * columns[index]))).toBe(greatest);
});

test.each([
  [lowRank, { rank: 6 }],
  [kronecker, { terms: 6, aShape: 'auto' }],
  [tensorTrain, { maxRank: 6 }],
] as [MatrixMethod, unknown][])('$id reports progress and stops when cancelled', async (method, json) => {
  const [rows, columns] = [48, 60];
  const { values } = matrixFrom(seededNormal(rows * columns, 8), rows, columns);
  const target = {
    name: 'h.0.c_fc',
    shape: [rows, columns] as const,
    values: Float32Array.from(values),
    weight: DenseWeight.fromValues(Float32Array.from(values), [rows, columns]),
  };
  const parameters = method.schema.parse(json);
  const shares: number[] = [];
  const done = await method.compress(
    target,
    parameters,
    { onProgress: (share) => shares.push(share) },
    undefined,
  );
  expect(shares.at(-1)).toBe(1);
  expect(shares).toEqual([...shares].sort((left, right) => left - right));
  const before = tf.memory().numTensors;
  const stopped = AbortSignal.abort();
  await expect(method.compress(target, parameters, { signal: stopped }, undefined)).rejects.toThrow(/abort/i);
  expect(tf.memory().numTensors).toBe(before);
  done.dispose();
  target.weight.dispose();
});
