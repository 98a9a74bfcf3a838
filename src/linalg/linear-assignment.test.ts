import { describe, expect, test } from 'vitest';
import { seededNormal } from '../testing/allclose';
import { linearAssignment } from './linear-assignment';
import { type Matrix, matrixFrom } from './matrix';

const costOf = ({ columns, values }: Matrix, columnOf: ArrayLike<number>) =>
  Array.from(columnOf).reduce((sum, column, row) => sum + values[row * columns + column], 0);

/** Least cost of all n! assignments. */
function leastCost(costs: Matrix, row = 0, taken = 0): number {
  if (row === costs.rows) return 0;
  let least = Infinity;
  for (let column = 0; column < costs.columns; column++) {
    if (taken & (1 << column)) continue;
    const rest = leastCost(costs, row + 1, taken | (1 << column));
    least = Math.min(least, costs.values[row * costs.columns + column] + rest);
  }
  return least;
}

/** Checks an assignment by its dual prices: weak duality of linear programming. */
async function expectProvenLeast(costs: Matrix): Promise<void> {
  const size = costs.rows;
  const { columnOf, rowPrices, columnPrices } = await linearAssignment(costs);
  expect(Array.from(columnOf).sort((left, right) => left - right)).toEqual(
    Array.from({ length: size }, (_, row) => row),
  );
  const greatest = costs.values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  let overcharged = -Infinity;
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const charge = rowPrices[row] + columnPrices[column] - costs.values[row * size + column];
      overcharged = Math.max(overcharged, charge);
    }
  }
  expect(overcharged).toBeLessThanOrEqual(1e-12 * greatest);
  const bound = [...rowPrices, ...columnPrices].reduce((sum, price) => sum + price, 0);
  expect(costOf(costs, columnOf)).toBeCloseTo(bound, 8);
}

const random = (size: number, seed: number) => matrixFrom(seededNormal(size * size, seed), size, size);

test.each([1, 2, 3, 5, 7, 8])('%i rows: the least cost of all permutations', async (size) => {
  for (let seed = 1; seed <= 20; seed++) {
    const costs = random(size, seed);
    expect(costOf(costs, (await linearAssignment(costs)).columnOf)).toBeCloseTo(leastCost(costs), 12);
  }
});

describe('many rows, proven by their prices', () => {
  test('normal costs', () => expectProvenLeast(random(400, 1)));

  test('costs of low rank', () => {
    const [left, right] = [seededNormal(300 * 2, 2), seededNormal(300 * 2, 3)];
    const values = Array.from({ length: 300 * 300 }, (_, index) => {
      const [row, column] = [Math.floor(index / 300), index % 300];
      return left[2 * row] * right[2 * column] + left[2 * row + 1] * right[2 * column + 1];
    });
    return expectProvenLeast(matrixFrom(values, 300, 300));
  });

  test('few distinct costs, so that most are equal', () =>
    expectProvenLeast(
      matrixFrom(
        seededNormal(200 * 200, 4).map((value) => Math.round(value)),
        200,
        200,
      ),
    ));

  test('all costs equal', () => expectProvenLeast(matrixFrom(new Float64Array(90 * 90).fill(2.5), 90, 90)));

  test('a permutation that is hidden far below the other costs', async () => {
    const hidden = Array.from({ length: 250 }, (_, row) => (row * 77 + 13) % 250);
    const costs = random(250, 5);
    for (const [row, column] of hidden.entries()) costs.values[row * 250 + column] -= 100;
    expect(Array.from((await linearAssignment(costs)).columnOf)).toEqual(hidden);
  });
});

test('refuses matrices that are not square or not finite', async () => {
  await expect(linearAssignment(matrixFrom([1, 2], 1, 2))).rejects.toThrow(
    'A 1×2 cost matrix is not square; give as many rows as columns.',
  );
  await expect(linearAssignment(matrixFrom([1, NaN, 2, 3], 2, 2))).rejects.toThrow('NaN or infinite');
});

test('can be cancelled', async () => {
  await expect(linearAssignment(random(3, 6), { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
});
