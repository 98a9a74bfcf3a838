import { beforeAll, describe, expect, test } from 'vitest';
import fixture from '../testing/fixtures/methods.json';
import { openNodeGpu } from '../engines/webgpu/node-gpu';
import { compressionError, compressMatrix } from './recipe/compress-matrix';

beforeAll(() => openNodeGpu());

type Size = '12x16' | '24x32';
const SIZES: Size[] = ['12x16', '24x32'];

function matrixOf(size: Size): { values: Float32Array; shape: [number, number] } {
  const rows = fixture[size].values as number[][];
  return { values: Float32Array.from(rows.flat()), shape: [rows.length, rows[0].length] };
}

async function errorOf(id: string, json: unknown, size: Size): Promise<number> {
  const { values, shape } = matrixOf(size);
  return compressionError(id, json, values, shape);
}

const maskOf = (values: Float32Array, width: number) =>
  Array.from({ length: values.length / width }, (_, row) =>
    Array.from(values.subarray(row * width, (row + 1) * width), (value) => (value === 0 ? '0' : '1')).join(
      '',
    ),
  );

describe.each(SIZES)('magnitude pruning of %s keeps the same weights as NumPy', (size) => {
  const { unstructured, nOfM, rows, columns } = fixture[size].magnitudePruning as unknown as Record<
    'unstructured' | 'nOfM' | 'rows' | 'columns',
    Record<string, string[]>
  >;
  test.each([
    ...Object.entries(unstructured).map(
      ([sparsity, mask]) => [{ sparsity: Number(sparsity) }, mask] as const,
    ),
    ...Object.entries(unstructured).map(
      ([sparsity, mask]) => [{ sparsity: Number(sparsity), scope: 'global' }, mask] as const,
    ),
    ...Object.entries(nOfM).map(([pattern, mask]) => [{ pattern }, mask] as const),
    ...Object.entries(rows).map(
      ([sparsity, mask]) => [{ pattern: 'rows', sparsity: Number(sparsity) }, mask] as const,
    ),
    ...Object.entries(columns).map(
      ([share, mask]) => [{ pattern: 'columns', sparsity: Number(share) }, mask] as const,
    ),
  ])('%j', async (parameters, mask) => {
    const { values, shape } = matrixOf(size);
    const weight = await compressMatrix('magnitude-pruning', parameters, values, shape);
    const dense = await weight.dense();
    expect(maskOf(dense, shape[1])).toEqual(mask);
    dense.forEach((value, index) => value !== 0 && expect(value).toBe(values[index]));
    weight.dispose();
  });
});

describe.each(SIZES)("errors of %s agree with NumPy's", (size) => {
  test('round to nearest', async () => {
    for (const { bits, strategy, groupSize, symmetric, relativeError } of fixture[size].roundToNearest) {
      const parameters = { bits, strategy, symmetric, ...(groupSize ? { groupSize } : {}) };
      expect(await errorOf('round-to-nearest', parameters, size), JSON.stringify(parameters)).toBeCloseTo(
        relativeError,
        6,
      );
    }
  });

  test('Kronecker', async () => {
    for (const { aShape, terms, relativeError } of fixture[size].kronecker) {
      expect(await errorOf('kronecker', { aShape, terms }, size), `${aShape} ${terms}`).toBeCloseTo(
        relativeError,
        6,
      );
    }
  });

  test('tensor train', async () => {
    for (const { rows, columns, limit, error } of fixture[size].tensorTrain) {
      expect(await errorOf('tensor-train', { rows, columns, ...limit }, size), `${rows}`).toBeCloseTo(
        error,
        6,
      );
    }
  });

  test('low rank', async () => {
    for (const { rank, relativeError } of fixture[size].lowRank) {
      expect(await errorOf('low-rank', { rank }, size), `rank ${rank}`).toBeCloseTo(relativeError, 6);
    }
  });
});

test('sizes may be fractions of the matrix', async () => {
  const same = await errorOf('kronecker', { aShape: [6, 16], terms: 1 }, '12x16');
  expect(await errorOf('kronecker', { aShape: ['1/2', '1'], terms: 1 }, '12x16')).toBe(same);
  const train = await errorOf('tensor-train', { rows: [2, 6], columns: [4, 4], maxRank: 3 }, '12x16');
  expect(
    await errorOf('tensor-train', { rows: ['1/6', '6'], columns: ['1/4', 4], maxRank: 3 }, '12x16'),
  ).toBe(train);
});

test.each([
  ['low-rank', { parametersKept: 0.5 }, 0.5],
  ['kronecker', { parametersKept: 0.5 }, 0.5],
  ['kronecker', { parametersKept: 0.25, aShape: [4, 4] }, 0.25],
])('%s %j stays within its budget', async (id, parameters, share) => {
  const { values, shape } = matrixOf('24x32');
  const weight = await compressMatrix(id, parameters, values, shape);
  expect(weight.parameters).toBeLessThanOrEqual(share * values.length);
  expect(weight.parameters).toBeGreaterThan(0.7 * share * values.length);
  weight.dispose();
});

test('a tensor train respects its error bound', async () => {
  for (const relativeError of [0.1, 0.5, 0.9]) {
    expect(await errorOf('tensor-train', { relativeError }, '24x32')).toBeLessThanOrEqual(relativeError);
  }
});

test.each([
  [
    'round-to-nearest',
    { strategy: 'group', groupSize: 5 },
    'Groups of 5 do not divide the width of h.0.c_fc; h.0.c_fc is 16 wide, which 1, 2, 4, 8, 16 divide.',
  ],
  ['round-to-nearest', { strategy: 'group' }, 'needs a "groupSize"'],
  ['magnitude-pruning', {}, 'needs a "sparsity" between 0 and 1'],
  ['magnitude-pruning', { pattern: '2:4', sparsity: 0.7 }, 'fixes the sparsity at 0.5'],
  ['magnitude-pruning', { pattern: '4:4' }, 'removes nothing'],
  ['magnitude-pruning', { pattern: '2:3' }, 'its 16 columns are not a multiple of 3'],
  ['magnitude-pruning', { pattern: 'rows', sparsity: 1 }, 'leaves no rows of h.0.c_fc'],
  [
    'magnitude-pruning',
    { pattern: 'rows', sparsity: 0.5, scope: 'global' },
    'goes with the pattern "unstructured"',
  ],
  [
    'kronecker',
    { aShape: [5, 4] },
    'A cannot have 5 rows: the 12 rows of h.0.c_fc are divided by 1, 2, 3, 4, 6, 12.',
  ],
  ['kronecker', { aShape: ['1/5', 1] }, '"1/5" of 12 (rows of h.0.c_fc) is not a whole number'],
  [
    'kronecker',
    { aShape: [12, 16], terms: 2 },
    'has at most 1 term (then it is exact), but the recipe requests 2',
  ],
  ['kronecker', { terms: 2, parametersKept: 0.5 }, 'exactly one of "terms" and "parametersKept"'],
  ['kronecker', {}, 'exactly one of "terms" and "parametersKept"'],
  ['kronecker', { parametersKept: 0.001 }, 'do not hold one term'],
  [
    'tensor-train',
    { rows: [3, 4], columns: [4, 4], maxRank: 13 },
    'h.0.c_fc split into 3·4 rows and 4·4 columns has no rank of 13 between its cores; the greatest is 12 (then it is exact).',
  ],
  [
    'tensor-train',
    { rows: [5, 2], columns: [4, 4], maxRank: 2 },
    'The rows 5 · 2 = 10 are not the 12 of h.0.c_fc',
  ],
  ['tensor-train', { rows: [12], columns: [4, 4], maxRank: 2 }, '"rows" has 1 sizes and "columns" 2'],
  ['tensor-train', {}, 'exactly one of "maxRank", "relativeError" and "parametersKept"'],
  ['tensor-train', { rows: [3, 4], columns: [4, 4], parametersKept: 0.01 }, 'the least possible share is'],
  ['low-rank', { rank: 13 }, 'is 12×16 and has no rank of 13; the greatest is 12.'],
  ['low-rank', { parametersKept: 0.01 }, 'do not hold one singular vector'],
  ['low-rank', {}, 'exactly one of "rank" and "parametersKept"'],
])('%s %j is refused in one sentence', async (id, parameters, message) => {
  const { values, shape } = matrixOf('12x16');
  await expect(compressMatrix(id, parameters, values, shape)).rejects.toThrow(message);
});
