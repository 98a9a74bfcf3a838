import { describe, expect, test } from 'vitest';
import fixture from '../testing/fixtures/half-precision.json';
import { assertFinite, readFloat32, toFloat32 } from './float-conversion';
import type { TensorEntry } from './named-tensor';

/** Values as words in the fixture, because JSON has no NaN or infinity. */
const asNumber = (value: number | string) => Number(value);

describe('toFloat32', () => {
  test.each(['F16', 'BF16'] as const)(
    "%s agrees with PyTorch's conversion, subnormals and non-finite values included",
    (dtype) => {
      const table = fixture[dtype].toFloat32 as [number, number | string][];
      const bits = Uint16Array.from(table, ([pattern]) => pattern);
      const values = toFloat32(new Uint8Array(bits.buffer), dtype, 'w');
      table.forEach(([pattern, expected], index) => {
        expect(values[index], `bits ${pattern}`).toBe(Math.fround(asNumber(expected)));
      });
    },
  );

  test('copies bytes at an odd offset', () => {
    const bytes = new Uint8Array(9);
    bytes.set(new Uint8Array(Float32Array.of(1.5, -2).buffer), 1);
    expect([...toFloat32(bytes.subarray(1), 'F32', 'w')]).toEqual([1.5, -2]);
  });

  test('refuses integers', () => {
    expect(() => toFloat32(new Uint8Array(4), 'I32', 'h.0.bias')).toThrow(
      'Tensor h.0.bias has the dtype I32; weights must be F32, F16, BF16.',
    );
  });
});

test('readFloat32 reads elements, not bytes', async () => {
  const bytes = new Uint8Array(Uint16Array.of(0x3c00, 0x4000, 0xc000).buffer);
  const entry: TensorEntry = {
    name: 'w',
    dtype: 'F16',
    shape: [3],
    byteLength: 6,
    readBytes: async (start = 0, end = 6) => bytes.slice(start, end),
  };
  expect([...(await readFloat32(entry))]).toEqual([1, 2, -2]);
  expect([...(await readFloat32(entry, 1, 3))]).toEqual([2, -2]);
});

test('assertFinite names tensor and element', () => {
  expect(() => assertFinite(Float32Array.of(1, NaN), 'h.0.w', 100)).toThrow(
    'Tensor h.0.w holds NaN at element 101',
  );
});
