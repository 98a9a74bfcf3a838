import { expect, test } from 'vitest';
import { type Matrix, matrixFrom } from '../../linalg/matrix';
import { seededNormal } from '../../testing/allclose';
import { chooseGrid, decode, encode } from '../../weights/quantization';
import { statisticsOf } from '../calibration/calibration';
import { clipGroups, groupLimits } from './group-clipping';

const [ROWS, COLUMNS, GROUP, TOKENS] = [48, 32, 16, 40];
const ROUNDING = { bits: 3, symmetric: false, groupSize: GROUP } as const;

const WEIGHTS = matrixFrom(seededNormal(ROWS * COLUMNS, 1), ROWS, COLUMNS);
/** The inputs of the second group are nearly those of the first. */
const INPUTS = correlatedInputs(seededNormal(TOKENS * COLUMNS, 2));

function correlatedInputs(values: Float32Array): Float32Array {
  const own = 0.1;
  return values.map((value, place) =>
    place % COLUMNS < GROUP ? value : values[place - GROUP] + own * value,
  );
}

function hessian(): Matrix {
  return matrixFrom(statisticsOf(INPUTS, COLUMNS).get('hessian'), COLUMNS, COLUMNS);
}

function copyOf({ rows, columns, values }: Matrix): Matrix {
  return { rows, columns, values: values.slice() };
}

/**
 * ‖(w − ŵ) Xᵀ‖² of each row, on the inputs themselves, where ŵ is the row after clipping and rounding.
 * @param columns range of the inputs that count, from one up to another
 */
function lostByRow(cut: Matrix, [from, to]: readonly [number, number] = [0, COLUMNS]): number[] {
  const scheme = { ...ROUNDING, strategy: 'group' } as const;
  const grid = chooseGrid(cut.values, [ROWS, COLUMNS], scheme);
  return Array.from({ length: ROWS }, (_, row) => {
    let lost = 0;
    for (let token = 0; token < TOKENS; token++) {
      let difference = 0;
      for (let column = from; column < to; column++) {
        const place = row * COLUMNS + column;
        const scale = Math.floor(place / GROUP);
        const rounded = decode(grid, scale, encode(grid, scale, cut.values[place]));
        difference += (rounded - WEIGHTS.values[place]) * INPUTS[token * COLUMNS + column];
      }
      lost += difference ** 2;
    }
    return lost;
  });
}

test('with correlated groups, each group may lose less and the row more: such a row is not clipped', async () => {
  const limits = await groupLimits(WEIGHTS, hessian(), ROUNDING);
  const byGroups = copyOf(WEIGHTS);
  byGroups.values.forEach((value, place) => {
    const limit = limits.values[Math.floor(place / GROUP)];
    byGroups.values[place] = Math.min(limit, Math.max(-limit, value));
  });
  const clipped = copyOf(WEIGHTS);
  await clipGroups(clipped, hessian(), ROUNDING);

  for (let left = 0; left < COLUMNS; left += GROUP) {
    const [before, after] = [WEIGHTS, byGroups].map((cut) => lostByRow(cut, [left, left + GROUP]));
    expect(after.every((lost, row) => lost <= before[row] * (1 + 1e-6))).toBe(true);
  }
  const [before, withLimits, after] = [WEIGHTS, byGroups, clipped].map((cut) => lostByRow(cut));
  const rose = withLimits.map((lost, row) => lost > before[row]);
  const fell = withLimits.map((lost, row) => lost < before[row]);
  expect(rose.filter(Boolean).length).toBeGreaterThan(4);
  expect(fell.filter(Boolean).length).toBeGreaterThan(4);
  after.forEach((lost, row) => expect(lost).toBe(fell[row] ? withLimits[row] : before[row]));
});

test('a single group determines the whole error: every row uses its limit', async () => {
  const rounding = { ...ROUNDING, groupSize: COLUMNS };
  const limits = await groupLimits(WEIGHTS, hessian(), rounding);
  const clipped = copyOf(WEIGHTS);
  await clipGroups(clipped, hessian(), rounding);
  const expected = WEIGHTS.values.map((value, place) => {
    const limit = limits.values[Math.floor(place / COLUMNS)];
    return Math.min(limit, Math.max(-limit, value));
  });
  expect(clipped.values).toEqual(expected);
  expect(clipped.values).not.toEqual(WEIGHTS.values);
});
