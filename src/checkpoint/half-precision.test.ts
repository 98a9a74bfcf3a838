import { expect, test } from 'vitest';
import fixture from '../testing/fixtures/half-precision.json';
import { toFloat32 } from './float-conversion';
import { toFloat16Bytes } from './half-precision';

const halvesOf = (values: readonly number[]) =>
  new Uint16Array(toFloat16Bytes(Float32Array.from(values)).buffer as ArrayBuffer);

const isNaNPattern = (half: number) => (half & 0x7c00) === 0x7c00 && (half & 0x3ff) !== 0;

test("rounds as PyTorch's conversion", () => {
  const table = fixture.F16.fromFloat32 as [number | string, number][];
  const halves = halvesOf(table.map(([value]) => Number(value)));
  table.forEach(([value, expected], index) => {
    if (isNaNPattern(expected)) expect(isNaNPattern(halves[index])).toBe(true);
    else expect(halves[index], `value ${value}`).toBe(expected);
  });
});

test('keeps every half-precision number', () => {
  const patterns = Uint16Array.from({ length: 65_536 }, (_, pattern) => pattern);
  const values = toFloat32(new Uint8Array(patterns.buffer), 'F16', 'w');
  const back = new Uint16Array(toFloat16Bytes(values).buffer as ArrayBuffer);
  const changed = [...patterns].filter((pattern) => back[pattern] !== pattern && !isNaNPattern(pattern));
  expect(changed).toEqual([]);
});

test.each([
  ['a tie goes to the even neighbour below', 1 + 2 ** -11, 0x3c00],
  ['a tie goes to the even neighbour above', 1 + 3 * 2 ** -11, 0x3c02],
  ['the largest that does not overflow', 65_519.996, 0x7bff],
  ['the smallest that overflows', 65_520, 0x7c00],
  ['half of the smallest subnormal goes to zero', 2 ** -25, 0],
  ['more than half of it does not', 2 ** -25 * (1 + 2 ** -23), 1],
  ['the largest subnormal rounds up to the smallest normal', 2 ** -14 - 2 ** -26, 0x0400],
  ['negative zero', -0, 0x8000],
  ['minus infinity', -Infinity, 0xfc00],
])('%s', (_, value, expected) => {
  expect(halvesOf([value])[0]).toBe(expected);
});

test('values at an offset in a buffer', () => {
  expect([...toFloat16Bytes(Float32Array.of(9, 1, -2).subarray(1))]).toEqual([0x00, 0x3c, 0x00, 0xc0]);
});
