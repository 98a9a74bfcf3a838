import { describe, expect, test } from 'vitest';
import { expectAllClose, seededNormal } from '../testing/allclose';
import { referenceMatmul } from '../testing/reference-matmul';
import { leadingRightVectors } from './block-krylov';
import { type Matrix, matrixFrom, transpose, zeros } from './matrix';
import { truncatedSvd } from './truncated-svd';

/** X · Yᵀ. */
const timesTransposed = (x: Matrix, y: Matrix): Matrix => ({
  rows: x.rows,
  columns: y.rows,
  values: referenceMatmul(x.values, y.values, [x.rows, x.columns, y.rows]),
});

/** H · X of the reflection H = I − 2·v·vᵀ/‖v‖² of a random v, which is orthogonal and has no zeros. */
function reflected(x: Matrix, seed: number): Matrix {
  const v = seededNormal(x.rows, seed);
  const square = v.reduce((sum, value) => sum + value * value, 0);
  const along = referenceMatmul(v, transpose(x).values, [1, x.rows, x.columns]);
  const values = x.values.map(
    (value, index) => value - (2 * v[Math.floor(index / x.columns)] * along[index % x.columns]) / square,
  );
  return { ...x, values };
}

/** H₁ · diag(σ) · H₂, [rows, columns], whose singular values are σ. */
function withSingularValues(singularValues: readonly number[], rows: number, columns: number): Matrix {
  const diagonal = zeros(rows, columns);
  singularValues.forEach((value, index) => (diagonal.values[index * (columns + 1)] = value));
  return transpose(reflected(transpose(reflected(diagonal, 1)), 2));
}

const geometric = (count: number, ratio: number) =>
  Array.from({ length: count }, (_, index) => ratio ** index);

describe('known singular values', () => {
  test.each([
    ['fall off geometrically', geometric(300, 0.97)],
    ['fall off by ten orders of magnitude', geometric(300, 0.01 ** (1 / 60))],
    ['lie evenly', Array.from({ length: 300 }, (_, index) => Math.max(0, 1 - index / 60))],
    ['fall off steeply', geometric(300, 0.6)],
    ['come in pairs', Array.from({ length: 300 }, (_, index) => 0.98 ** Math.floor(index / 2))],
  ])('that %s', async (_, singularValues) => {
    const matrix = withSingularValues(singularValues, 340, 300);
    const rank = 12;
    const vectors = await leadingRightVectors(matrix, rank);
    if (!vectors) throw new Error('The iteration did not settle.');
    expect([vectors.rows, vectors.columns]).toEqual([rank, 300]);
    // The images A·v are orthogonal and as long as the singular values.
    const images = timesTransposed(vectors, matrix);
    const expected = zeros(rank, rank);
    for (let index = 0; index < rank; index++)
      expected.values[index * (rank + 1)] = singularValues[index] ** 2;
    expectAllClose(timesTransposed(images, images).values, expected.values, {
      absolute: 1e-12 * singularValues[0] ** 2,
      relative: 0,
    });
  });
});

describe('falls back to the Gram matrix for', () => {
  test.each([
    [
      'a singular value that occurs twenty times',
      [...new Array(20).fill(1), ...geometric(280, 0.99).map((x) => x / 2)],
    ],
    ['fewer singular values than vectors', geometric(10, 0.5)],
    ['an orthogonal matrix', new Array(300).fill(1)],
    ['zeros', []],
  ])('%s', async (_, singularValues) => {
    const matrix = withSingularValues(singularValues, 300, 300);
    expect(await leadingRightVectors(matrix, 15)).toBeUndefined();
    const { singularValues: found } = await truncatedSvd(matrix, 15);
    const expected = Array.from({ length: 15 }, (_, index) => singularValues[index] ?? 0);
    expectAllClose(found, expected, { absolute: 1e-12, relative: 0 });
  });
});

test('a matrix of exactly the wanted rank', async () => {
  const matrix = withSingularValues(geometric(20, 0.8), 400, 320);
  const { singularValues, residual } = await truncatedSvd(matrix, 20);
  expectAllClose(singularValues, geometric(20, 0.8), { absolute: 1e-13, relative: 0 });
  expect(residual).toBeLessThan(1e-13);
});

test('is reproducible', async () => {
  const matrix = matrixFrom(seededNormal(300 * 280, 7), 300, 280);
  expect(await leadingRightVectors(matrix, 5)).toEqual(await leadingRightVectors(matrix, 5));
});

test('progress rises, and cancelling throws the reason', async () => {
  const matrix = matrixFrom(seededNormal(900 * 800, 3), 900, 800);
  const shares: number[] = [];
  await truncatedSvd(matrix, 30, { onProgress: (share) => shares.push(share) });
  expect(shares.at(-1)).toBe(1);
  expect(shares.every((share, index) => share >= (shares[index - 1] ?? 0) && share <= 1)).toBe(true);
  const controller = new AbortController();
  const reason = new Error('closed by the user');
  const pending = truncatedSvd(matrix, 30, {
    signal: controller.signal,
    onProgress: () => controller.abort(reason),
  });
  await expect(pending).rejects.toBe(reason);
});
