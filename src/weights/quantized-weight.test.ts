import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../gpu/node-gpu';
import { seededNormal } from '../testing/allclose';
import type { LinearWeight } from './linear-weight';
import { NOfMWeight } from './n-of-m-weight';
import { decode, type QuantizationGrid } from './quantization';
import { QuantizedWeight } from './quantized-weight';
import { SparseWeight } from './sparse-weight';

beforeAll(() => openNodeGpu());

const shape = [5, 24] as const;
const GROUP = 8;

/** Scales and zero points that no values would give, and codes that leave most of each range out. */
function givenGrid(bits: 8 | 4, symmetric: boolean): QuantizationGrid {
  const scales = seededNormal(15, 3).map((value) => 0.01 + Math.abs(value));
  const zeroPoints = new Uint8Array(15);
  if (!symmetric) zeroPoints.forEach((_, index) => (zeroPoints[index] = (index * 5) % 2 ** bits));
  return { bits, symmetric, perTensor: false, groupSize: GROUP, scales, zeroPoints };
}

/** Each third weight is zero, which asymmetric grids hold too. */
function valuesOnGrid(grid: QuantizationGrid): Float32Array {
  return Float32Array.from({ length: 120 }, (_, index) => {
    const scale = Math.floor(index / GROUP);
    const code = grid.symmetric ? (index % 5) - 2 : (index * 3) % 7;
    return index % 3 === 0 ? 0 : decode(grid, scale, code);
  });
}

const cases = ([8, 4] as const).flatMap((bits) => [true, false].map((symmetric) => ({ bits, symmetric })));

async function expectExactly(weight: LinearWeight, values: Float32Array, grid: QuantizationGrid) {
  expect(await weight.dense()).toEqual(values);
  const scales = weight.stored().find(({ suffix }) => suffix === 'scales')!;
  expect(new Float32Array((await scales.read()).slice().buffer)).toEqual(grid.scales);
  weight.dispose();
}

test.each(cases)('values of a given grid are held exactly: $bits bits, symmetric $symmetric', async (one) => {
  const grid = givenGrid(one.bits, one.symmetric);
  const values = valuesOnGrid(grid);
  await expectExactly(QuantizedWeight.fromGrid(values, shape, grid), values, grid);

  const sparse = SparseWeight.fromDense(values, shape);
  await expectExactly(await sparse.quantizeToGrid(values, grid), values, grid);
  sparse.dispose();

  const twoOfThree = NOfMWeight.fromDense(values, shape, 2, 3);
  await expectExactly(await twoOfThree.quantizeToGrid(values, grid), values, grid);
  twoOfThree.dispose();
});

test('the places of stored values, zeros among them', async () => {
  const values = seededNormal(120, 4).map((value, index) => (index % 4 < 2 ? value : 0));
  values[1] = 0;
  const sparse = SparseWeight.fromDense(values, shape);
  expect([...(await sparse.keptPlaces())]).toEqual(Array.from(values, (value) => (value === 0 ? 0 : 1)));
  sparse.dispose();
  const twoOfFour = NOfMWeight.fromDense(values, shape, 2, 4);
  const expected = Array.from(values, (_, index) => (index % 4 < 2 ? 1 : 0));
  expect([...(await twoOfFour.keptPlaces())]).toEqual(expected);
  twoOfFour.dispose();
});
