import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { seededNormal } from '../../testing/allclose';
import { reload } from '../../testing/factorized-weight';
import type { LinearWeight } from '../linear-weight';
import { NOfMWeight } from './n-of-m-weight';
import { type Bits, decode, type QuantizationGrid } from '../quantization';
import { QuantizedWeight } from './quantized-weight';
import { SparseWeight } from './sparse-weight';

beforeAll(() => openNodeGpu());

const shape = [5, 24] as const;
const GROUP = 8;

/** Arbitrary scales and zero points, with codes that use only part of each range. */
function givenGrid(bits: Bits, symmetric: boolean): QuantizationGrid {
  const scales = seededNormal(15, 3).map((value) => 0.01 + Math.abs(value));
  const zeroPoints = new Uint8Array(15);
  if (!symmetric) zeroPoints.forEach((_, index) => (zeroPoints[index] = (index * 5) % 2 ** bits));
  return { bits, symmetric, perTensor: false, groupSize: GROUP, scales, zeroPoints };
}

/** Every third weight is zero, which asymmetric grids represent, too. */
function valuesOnGrid(grid: QuantizationGrid): Float32Array {
  return Float32Array.from({ length: 120 }, (_, index) => {
    const scale = Math.floor(index / GROUP);
    const code = grid.symmetric ? (index % 4) - 2 : (index * 3) % 4;
    return index % 3 === 0 ? 0 : decode(grid, scale, code);
  });
}

const cases = ([8, 4, 3, 2] as const).flatMap((bits) =>
  [true, false].map((symmetric) => ({ bits, symmetric })),
);

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
  await expectExactly(SparseWeight.fromGrid(values, shape, grid), values, grid);
  const twoOfThree = { kept: 2, groupSize: 3 };
  await expectExactly(NOfMWeight.fromGrid(values, shape, twoOfThree, grid), values, grid);
});

test.each([
  [8, 33, 36],
  [4, 33, 20],
  [3, 33, 24],
  [3, 32, 12],
  [2, 33, 12],
] as const)('a row of %i-bit codes %i wide takes %i bytes', async (bits, width, bytes) => {
  const values = seededNormal(7 * width, 5);
  const scheme = { bits, strategy: 'channel', symmetric: true } as const;
  const weight = QuantizedWeight.fromValues(values, [7, width], scheme);
  expect(weight.storedBytes).toBe(7 * (bytes + 4));
  const again = await reload(weight);
  expect(await again.dense()).toEqual(await weight.dense());
  expect(again.storedBytes).toBe(weight.storedBytes);
  weight.dispose();
  again.dispose();
});
