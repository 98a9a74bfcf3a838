import { beforeAll, describe, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { seededNormal } from '../../testing/allclose';
import fixture from '../../testing/fixtures/tq-compressor.json';
import { expectProduct, reload } from '../../testing/factorized-weight';
import { compressionError, compressMatrix } from '../recipe/compress-matrix';

beforeAll(() => openNodeGpu());

const { iterations } = fixture;

test.each(fixture.cases)(
  "NumPy's error: $shape, A of $aShape, $terms terms",
  async ({ shape, aShape, terms, values, kroneckerError, relativeError }) => {
    const matrix = [Float32Array.from(values), shape as [number, number]] as const;
    const parameters = { aShape, terms };
    expect(await compressionError('kronecker', parameters, ...matrix)).toBeCloseTo(kroneckerError, 6);
    expect(await compressionError('tq-compressor', { ...parameters, iterations }, ...matrix)).toBeCloseTo(
      relativeError,
      6,
    );
  },
);

test.each(fixture.planted)('a permuted product of A $aShape is exact', async ({ shape, aShape, values }) => {
  const matrix = Float32Array.from(values);
  const error = await compressionError(
    'tq-compressor',
    { aShape, terms: 1 },
    matrix,
    shape as [number, number],
  );
  expect(error).toBeLessThan(1e-6);
});

describe('stored bytes', () => {
  const [values, shape] = [seededNormal(24 * 36, 6), [24, 36] as const];

  test('the factors, two bytes for each permuted row and column, and both permutations', async () => {
    const weight = await compressMatrix('tq-compressor', { terms: 2, aShape: [8, 12] }, values, shape);
    expect(weight.format).toBe('permuted');
    expect(weight.parameters).toBe(2 * (8 * 12 + 3 * 3));
    expect(weight.storedBytes).toBe(4 * weight.parameters + 2 * (24 + 36));
    const dense = await weight.dense();
    const loaded = await reload(weight);
    weight.dispose();
    for (const tokens of [1, 5, 33]) await expectProduct(loaded, dense, tokens);
    loaded.dispose();
  });

  test('no permutation that one factor can absorb', async () => {
    const weight = await compressMatrix('tq-compressor', { terms: 1, aShape: ['1', '1/2'] }, values, shape);
    expect(weight.storedBytes).toBe(4 * (24 * 18 + 2) + 2 * 36);
    weight.dispose();
  });

  test('only the factors where no permutation is better', async () => {
    const flat = new Float32Array(24 * 36).fill(0.5);
    const weight = await compressMatrix('tq-compressor', { terms: 1, aShape: [8, 12] }, flat, shape);
    expect(weight.format).toBe('kronecker');
    weight.dispose();
  });
});

test.each([
  [{}, 'tq-compressor takes exactly one of "terms" and "parametersKept".'],
  [
    { terms: 1, aShape: [5, 4] },
    'A cannot have 5 rows: the 12 rows of h.0.c_fc are divided by 1, 2, 3, 4, 6, 12.',
  ],
])('%j is refused in one sentence', async (parameters, message) => {
  await expect(
    compressMatrix('tq-compressor', parameters, new Float32Array(12 * 16), [12, 16]),
  ).rejects.toThrow(message);
});

test('an embedding that is too long to be permuted is refused, unless its rows are not permuted', async () => {
  const [values, shape] = [seededNormal(9000 * 4, 1), [9000, 4] as const];
  await expect(
    compressMatrix('tq-compressor', { terms: 1, aShape: ['1/2', 2] }, values, shape),
  ).rejects.toThrow(
    'tq-compressor permutes at most 8192 rows, h.0.c_fc has 9000; give all rows to A ("1") or to B (1), which then need no permutation.',
  );
  const weight = await compressMatrix('tq-compressor', { terms: 1, aShape: ['1', 2] }, values, shape);
  expect(weight.stored().map(({ suffix }) => suffix)).not.toContain('row_positions');
  weight.dispose();
});
