import { describe, expect, test } from 'vitest';
import { expectAllClose, seededNormal } from '../testing/allclose';
import methods from '../testing/fixtures/methods.json';
import { referenceMatmul } from '../testing/reference-matmul';
import references from './fixtures/singular-values.json';
import { type Matrix, matrixFrom, squaredNorm, transpose, zeros } from './matrix';
import { type TruncatedSvd, truncatedSvd } from './truncated-svd';

/** X · Yᵀ. */
const timesTransposed = (x: Matrix, y: Matrix): Matrix => ({
  rows: x.rows,
  columns: y.rows,
  values: referenceMatmul(x.values, y.values, [x.rows, x.columns, y.rows]),
});

const random = (rows: number, columns: number, seed = 1) =>
  matrixFrom(seededNormal(rows * columns, seed), rows, columns);

function product({ u, singularValues, v }: TruncatedSvd): Matrix {
  const values = u.values.map((value, index) => value * singularValues[index % u.columns]);
  return timesTransposed({ ...u, values }, v);
}

function distance(a: Matrix, b: Matrix): number {
  const values = a.values.map((value, index) => value - b.values[index]);
  return Math.sqrt(squaredNorm({ ...a, values }) / squaredNorm(a));
}

/** Uᵀ·U is 1 on the diagonal for singular values above 0, and 0 elsewhere. */
function expectOrthonormal(vectors: Matrix, singularValues: Float64Array): void {
  const expected = zeros(vectors.columns, vectors.columns);
  singularValues.forEach((value, index) => {
    expected.values[index * (vectors.columns + 1)] = value > 0 ? 1 : 0;
  });
  expectAllClose(timesTransposed(transpose(vectors), transpose(vectors)).values, expected.values, {
    absolute: 1e-12,
    relative: 0,
  });
}

describe.each(references)('$name', ({ rows, columns, values, singularValues }) => {
  const matrix = matrixFrom(values, rows, columns);

  test("has NumPy's singular values, and its factors multiply to the matrix", async () => {
    const decomposition = await truncatedSvd(matrix, Math.min(rows, columns));
    const tolerance = { absolute: 1e-14 * columns * singularValues[0], relative: 0 };
    expectAllClose(decomposition.singularValues, singularValues, tolerance);
    expect(distance(matrix, product(decomposition))).toBeLessThan(1e-13);
    const longer = rows < columns ? decomposition.v : decomposition.u;
    const shorter = rows < columns ? decomposition.u : decomposition.v;
    expectOrthonormal(longer, decomposition.singularValues);
    expectOrthonormal(
      shorter,
      decomposition.singularValues.map(() => 1),
    );
  });

  test('truncated at each rank, loses the discarded singular values (Eckart and Young)', async () => {
    const total = singularValues.reduce((sum, value) => sum + value * value, 0);
    for (let rank = 1; rank < singularValues.length; rank++) {
      const left = singularValues.slice(rank).reduce((sum, value) => sum + value * value, 0);
      const decomposition = await truncatedSvd(matrix, rank);
      const expected = Math.sqrt(left / total);
      expectAllClose([decomposition.residual], [expected], { absolute: 1e-14, relative: 1e-6 });
      expectAllClose([distance(matrix, product(decomposition))], [expected], {
        absolute: 1e-14,
        relative: 1e-6,
      });
    }
  });
});

test.each(['12x16', '24x32'] as const)("PyTorch's low-rank errors of %s", async (size) => {
  const { values, lowRank } = methods[size];
  const matrix = matrixFrom(values.flat(), values.length, values[0].length);
  for (const { rank, relativeError } of lowRank) {
    expect((await truncatedSvd(matrix, rank)).residual, `rank ${rank}`).toBeCloseTo(relativeError, 8);
  }
});

test('a matrix of zeros has singular values of 0 and no error', async () => {
  const { singularValues, residual, u, v } = await truncatedSvd(zeros(5, 4), 2);
  expect(Array.from(singularValues)).toEqual([0, 0]);
  expect(residual).toBe(0);
  expect([...u.values, ...v.values].every(Number.isFinite)).toBe(true);
});

test.each([50, 300])('a matrix whose every other row is 0, at rank %i of 200', async (rank) => {
  const half = random(200, 400);
  const matrix = zeros(400, 400);
  for (let row = 0; row < 200; row++) {
    matrix.values.set(half.values.subarray(row * 400, (row + 1) * 400), 2 * row * 400);
  }
  const decomposition = await truncatedSvd(matrix, rank);
  const { singularValues, residual } = await truncatedSvd(half, Math.min(rank, 200));
  const tolerance = { absolute: 1e-12 * singularValues[0], relative: 0 };
  expectAllClose(decomposition.singularValues.subarray(0, 200), singularValues, tolerance);
  for (const value of decomposition.singularValues.subarray(200)) expect(value).toBe(0);
  expect(decomposition.residual).toBeCloseTo(residual, 12);
  expect(distance(matrix, product(decomposition))).toBeCloseTo(residual, 12);
});

test.each([1e-30, 1e30])('values of about %f are decomposed like those of 1', async (scale) => {
  const matrix = random(12, 9);
  const scaled = { ...matrix, values: matrix.values.map((value) => value * scale) };
  const [one, other] = [await truncatedSvd(matrix, 4), await truncatedSvd(scaled, 4)];
  expect(other.residual).toBeCloseTo(one.residual, 12);
  expect(other.singularValues[0] / scale / one.singularValues[0]).toBeCloseTo(1, 12);
});

describe('refuses', () => {
  test.each([0, 5, 1.5])('a rank of %d of a 4×6 matrix', async (rank) => {
    const message = `A 4×6 matrix cannot be truncated to rank ${rank}; use 1 to 4.`;
    await expect(truncatedSvd(random(4, 6), rank)).rejects.toThrow(message);
  });

  test.each([NaN, Infinity])('a value of %d', async (value) => {
    const matrix = random(4, 6);
    matrix.values[7] = value;
    await expect(truncatedSvd(matrix, 2)).rejects.toThrow('The 4×6 matrix holds values that are NaN');
  });
});

describe('cancel and progress', () => {
  test('a task cancelled before it begins throws the reason', async () => {
    const reason = new Error('closed by the user');
    await expect(truncatedSvd(random(3, 3), 1, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  test('a message received during the computation can cancel it', async () => {
    const controller = new AbortController();
    const reason = new Error('closed by the user');
    const shares: number[] = [];
    const pending = truncatedSvd(random(900, 600), 300, {
      signal: controller.signal,
      onProgress: (share) => shares.push(share),
    });
    setTimeout(() => controller.abort(reason), 0);
    await expect(pending).rejects.toBe(reason);
    expect(shares.at(-1) ?? 0).toBeLessThan(1);
  });

  test('progress rises from 0 to 1', async () => {
    const shares: number[] = [];
    await truncatedSvd(random(500, 300), 100, { onProgress: (share) => shares.push(share) });
    expect(shares.at(-1)).toBe(1);
    expect(shares.every((share, index) => share >= (shares[index - 1] ?? 0) && share <= 1)).toBe(true);
  });
});
