import { describe, expect, test } from 'vitest';
import fixture from '../testing/fixtures/methods.json';
import {
  chooseGrid,
  encode,
  packCodes,
  type QuantizationScheme,
  roundHalfToEven,
  scaleIndex,
  unpackCodes,
} from './quantization';

interface Case extends QuantizationScheme {
  readonly codes: number[][];
  readonly scales: number[];
  readonly zeroPoints: number[] | null;
}

describe.each(['12x16', '24x32'] as const)("NumPy's codes of a %s matrix", (size) => {
  const rows = fixture[size].values as number[][];
  const shape = [rows.length, rows[0].length] as const;
  const values = Float32Array.from(rows.flat());

  test.each(fixture[size].roundToNearest as unknown as Case[])(
    '$bits bits, $strategy $groupSize, symmetric $symmetric',
    ({ codes, scales, zeroPoints, bits, strategy, groupSize, symmetric }) => {
      const grid = chooseGrid(values, shape, {
        bits,
        strategy,
        symmetric,
        groupSize: groupSize ?? undefined,
      });
      expect([...grid.scales]).toEqual(scales.flat().map((scale) => expect.closeTo(scale, 6)));
      expect([...grid.zeroPoints]).toEqual(zeroPoints?.flat() ?? Array(grid.scales.length).fill(0));
      const encoded = Array.from(values, (value, index) =>
        encode(grid, scaleIndex(grid, shape[1], Math.floor(index / shape[1]), index % shape[1]), value),
      );
      expect(encoded).toEqual(codes.flat());
    },
  );
});

test('halves round to even', () => {
  expect([0.5, 1.5, 2.5, -0.5, -1.5, 1.4999].map((value) => roundHalfToEven(value) + 0)).toEqual([
    0, 2, 2, 0, -2, 1,
  ]);
});

test.each([
  [8, true, [-127, 0, 127, -1, 5]],
  [4, true, [-8, 7, -1, 0, 3, 2, 1, -4, 6]],
  [8, false, [255, 0, 128]],
  [4, false, [15, 0, 8, 1, 2, 3, 4, 5, 6]],
  [3, true, Array.from({ length: 45 }, (_, index) => ((index * 5) % 8) - 4)],
  [3, false, Array.from({ length: 45 }, (_, index) => (index * 3) % 8)],
  [2, true, [-2, 1, -1, 0, 1]],
  [2, false, [3, 0, 1, 2, 1]],
])('codes of %i bits, signed %s, survive packing', (bits, signed, codes) => {
  expect([...unpackCodes(packCodes(codes, bits), bits, codes.length, signed)]).toEqual(codes);
});

test('codes of 3 bits fill three words by 32, those of 2 bits a word by 16', () => {
  expect(packCodes(new Uint8Array(32), 3)).toHaveLength(3);
  expect(packCodes(new Uint8Array(33), 3)).toHaveLength(4);
  expect(packCodes(new Uint8Array(16), 2)).toHaveLength(1);
  // The eleventh code has two bits in the first word and one in the second.
  expect([...packCodes([...Array(10).fill(0), 5], 3)]).toEqual([0x40000000, 1]);
});

test('a group that does not divide the width is refused', () => {
  expect(() =>
    chooseGrid(new Float32Array(6), [1, 6], { bits: 8, strategy: 'group', groupSize: 4, symmetric: true }),
  ).toThrow('Groups of 4 do not divide 6 columns.');
});
