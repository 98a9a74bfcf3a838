import { expect, test } from 'vitest';
import { inverseCholeskyFactor } from '../../linalg/cholesky';
import { type Matrix, matrixFrom, squaredNorm } from '../../linalg/matrix';
import { product } from '../../linalg/matrix-product';
import { expectAllClose, seededNormal } from '../../testing/allclose';
import { statisticsOf } from './calibration';
import { type ColumnRule, sweepColumns } from './column-sweep';
import { dampedHessian } from './damped-hessian';

const [OUTPUTS, INPUTS, TOKENS] = [5, 37, 200];
const weights = () => matrixFrom(seededNormal(OUTPUTS * INPUTS, 1), OUTPUTS, INPUTS);

/** Hessian of correlated inputs, like activations. */
async function correlatedHessian(): Promise<Matrix> {
  const mixing = matrixFrom(seededNormal(INPUTS * INPUTS, 2), INPUTS, INPUTS);
  const inputs = await product(matrixFrom(seededNormal(TOKENS * INPUTS, 3), TOKENS, INPUTS), mixing);
  return dampedHessian(statisticsOf(Float32Array.from(inputs.values), INPUTS), 0.01).matrix;
}

async function swept(hessian: Matrix, blockSize: number, rule: ColumnRule): Promise<Matrix> {
  const result = weights();
  await sweepColumns(result, await inverseCholeskyFactor(hessian), blockSize, rule);
  return result;
}

const zeroAt = (...columns: number[]): ColumnRule => ({
  replace: (_row, column, value) => (columns.includes(column) ? 0 : value),
});

test('the weights right of the last replaced column are optimal', async () => {
  // Where the squared error is least its gradient, 2 · (W − Ŵ) · H, is 0.
  const hessian = await correlatedHessian();
  const result = await swept(hessian, 8, zeroAt(0, 3, 10, 12));
  const before = weights();
  const change = { ...before, values: before.values.map((value, index) => value - result.values[index]) };
  const gradient = await product(change, hessian);
  const free = gradient.values.filter((_, index) => index % INPUTS > 12);
  expectAllClose(free, new Array(free.length).fill(0), { absolute: 1e-9, relative: 0 });
  expect(Math.sqrt(squaredNorm(gradient))).toBeGreaterThan(1);
});

test('removing one weight moves the others along its column of the inverse Hessian', async () => {
  const hessian = await correlatedHessian();
  const upper = await inverseCholeskyFactor(hessian);
  const result = await swept(hessian, 16, zeroAt(0));
  const expected = weights().values.map((value, index, all) => {
    const [row, column] = [Math.floor(index / INPUTS), index % INPUTS];
    // Row 0 of the inverse is U[0, 0] times row 0 of U.
    const share = (upper.values[0] * upper.values[column]) / upper.values[0] ** 2;
    return value - all[row * INPUTS] * share;
  });
  expectAllClose(result.values, expected, { absolute: 1e-12, relative: 0 });
});

test.each([1, 5, 36, 128])('blocks of %i columns give what one block gives', async (blockSize) => {
  const hessian = await correlatedHessian();
  const rounded: ColumnRule = { replace: (_row, _column, value) => Math.round(value * 2) / 2 };
  const whole = await swept(hessian, INPUTS, rounded);
  expectAllClose((await swept(hessian, blockSize, rounded)).values, whole.values, {
    absolute: 1e-9,
    relative: 0,
  });
});

test('a rule is called for every block before its columns', async () => {
  const hessian = await correlatedHessian();
  const calls: string[] = [];
  await swept(hessian, 15, {
    beginBlock: (left, right) => calls.push(`${left}–${right}`),
    replace: (row, column, value) => {
      if (row === 0 && column % 15 === 0) calls.push(`${column}`);
      return value;
    },
  });
  expect(calls).toEqual(['0–15', '0', '15–30', '15', '30–37', '30']);
});

test('a dead input gets 1, and the diagonal is raised by a share of its mean', () => {
  const inputs = Float32Array.from([1, 0, 2, 3, 0, -2]);
  const { matrix, dead } = dampedHessian(statisticsOf(inputs, 3), 0.1);
  // Σ x xᵀ · 2/2 has the diagonal 10, 0, 8; with 1 for the dead one its mean is 19/3.
  const damping = 0.1 * (19 / 3);
  expectAllClose(matrix.values, [10 + damping, 0, -4, 0, 1 + damping, 0, -4, 0, 8 + damping], {
    absolute: 1e-12,
    relative: 0,
  });
  expect(Array.from(dead)).toEqual([0, 1, 0]);
});

test('a sweep stops when cancelled', async () => {
  const [rows, columns] = [8000, 512];
  const large: Matrix = { rows, columns, values: new Float64Array(rows * columns).fill(0.3) };
  const factor = matrixFrom(
    Array.from({ length: columns * columns }, (_, index) => (index % (columns + 1) === 0 ? 1 : 1e-3)),
    columns,
    columns,
  );
  const round: ColumnRule = { replace: (_row, _column, value) => Math.round(value) };
  await expect(sweepColumns(large, factor, 128, round, { signal: AbortSignal.abort() })).rejects.toThrow(
    /abort/i,
  );
});
