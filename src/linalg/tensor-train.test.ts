import { describe, expect, test } from 'vitest';
import { seededNormal } from '../testing/allclose';
import methods from '../testing/fixtures/methods.json';
import { type Matrix, matrixFrom, squaredNorm, zeros } from './matrix';
import { contractTensorTrain, type TensorTrainCore, tensorTrainSvd } from './tensor-train';

const random = (rows: number, columns: number, seed: number) =>
  matrixFrom(seededNormal(rows * columns, seed), rows, columns);

function distance(a: Matrix, b: Matrix): number {
  const values = a.values.map((value, index) => value - b.values[index]);
  return Math.sqrt(squaredNorm({ ...a, values }) / squaredNorm(a));
}

/** Definition, element by element: the product of the matrices that core k holds for the index pair (iₖ, jₖ). */
function byDefinition(cores: readonly TensorTrainCore[], rows: number, columns: number): Matrix {
  const result = zeros(rows, columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let [i, j] = [row, column];
      let vector = [1];
      for (const { values, shape } of [...cores].reverse()) {
        const [left, m, n, right] = shape;
        const at = ((i % m) * n + (j % n)) * right;
        const next = Array.from({ length: left }, (_, l) =>
          vector.reduce((sum, value, r) => sum + values[l * m * n * right + at + r] * value, 0),
        );
        [i, j, vector] = [Math.floor(i / m), Math.floor(j / n), next];
      }
      result.values[row * columns + column] = vector[0];
    }
  }
  return result;
}

test('recovers an exact train at its ranks', async () => {
  const exact: TensorTrainCore[] = [
    { values: random(6, 2, 1).values, shape: [1, 2, 3, 2] },
    { values: random(24, 3, 2).values, shape: [2, 3, 4, 3] },
    { values: random(3, 8, 3).values, shape: [3, 4, 2, 1] },
  ];
  const matrix = byDefinition(exact, 24, 24);
  expect(distance(matrix, contractTensorTrain(exact))).toBeLessThan(1e-14);
  const found = await tensorTrainSvd(matrix, [2, 3, 4], [3, 4, 2], { relativeError: 1e-10 });
  expect(found.cores.map(({ shape }) => shape)).toEqual(exact.map(({ shape }) => shape));
  expect(found.relativeError).toBeLessThan(1e-13);
  expect(distance(matrix, contractTensorTrain(found.cores))).toBeLessThan(1e-13);
});

test('a single core is the matrix', async () => {
  const matrix = random(4, 5, 1);
  const { cores, relativeError } = await tensorTrainSvd(matrix, [4], [5], { maxRank: 1 });
  expect(cores).toEqual([{ values: matrix.values, shape: [1, 4, 5, 1] }]);
  expect(relativeError).toBe(0);
});

interface TrainCase {
  rows: number[];
  columns: number[];
  limit: { maxRank: number } | { relativeError: number };
  coreShapes: [number, number, number][];
  error: number;
}

describe.each(['12x16', '24x32'] as const)("PyTorch's cores and errors of %s", (size) => {
  const { values, tensorTrain } = methods[size];
  const matrix = matrixFrom(values.flat(), values.length, values[0].length);

  test.each(tensorTrain as unknown as TrainCase[])(
    'rows $rows, columns $columns, $limit',
    async ({ rows, columns, limit, coreShapes, error }) => {
      const train = await tensorTrainSvd(matrix, rows, columns, limit);
      expect(train.cores.map(({ shape: [left, m, n, right] }) => [left, m * n, right])).toEqual(coreShapes);
      expect(train.relativeError).toBeCloseTo(error, 8);
      const again = byDefinition(train.cores, matrix.rows, matrix.columns);
      expect(distance(matrix, again)).toBeCloseTo(error, 8);
      if ('relativeError' in limit) expect(distance(matrix, again)).toBeLessThanOrEqual(limit.relativeError);
    },
  );
});

describe('refuses', () => {
  const matrix = random(6, 8, 1);

  test.each([
    [[2, 4], [2, 4], 'The rows 2·4 of a tensor train do not multiply to the 6 of the 6×8 matrix.'],
    [[2, 3], [2, 2], 'The columns 2·2 of a tensor train do not multiply to the 8 of the 6×8 matrix.'],
    [[2, 3], [2, 2, 2], 'A tensor train has as many rows as columns, at least one; these are 2 and 3.'],
  ])('rows %j and columns %j', async (rows, columns, message) => {
    await expect(tensorTrainSvd(matrix, rows, columns, { maxRank: 1 })).rejects.toThrow(message);
  });

  test.each([
    [{ maxRank: 0 }, 'The greatest rank of a tensor train cannot be 0; use a whole number from 1.'],
    [{ relativeError: 1 }, 'cannot aim at a relative error of 1; use 0 or more and less than 1.'],
    [{ relativeError: NaN }, 'cannot aim at a relative error of NaN'],
  ])('%j', async (limit, message) => {
    await expect(tensorTrainSvd(matrix, [2, 3], [2, 4], limit)).rejects.toThrow(message);
  });
});
