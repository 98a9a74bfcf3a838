import { expect, test } from 'vitest';
import { mixBits, randomOfStep } from './random-of-step';

// Values from MurmurHash3's reference code (github.com/aappleby/smhasher): fmix32 of 0, 1, 2 and 0xffffffff.
test.each([
  [0, 0],
  [1, 0x514e28b7],
  [2, 0x30f4c306],
  [0xffffffff, 0x81f16f39],
])('fmix32(%i)', (value, expected) => {
  expect(mixBits(value)).toBe(expected);
});

test('a step always draws the same numbers, and adjacent steps are uncorrelated', () => {
  const firsts = Array.from({ length: 1000 }, (_, step) => randomOfStep(7, step)());
  expect(Array.from({ length: 1000 }, (_, step) => randomOfStep(7, step)())).toEqual(firsts);
  expect(randomOfStep(8, 0)()).not.toBe(firsts[0]);
  const mean = firsts.reduce((sum, value) => sum + value) / firsts.length;
  // For uniform numbers, the standard deviation of the mean is 0.289/√1000 = 0.0091 and that of the lag-1 correlation 1/√1000
  // = 0.032.
  expect(Math.abs(mean - 0.5)).toBeLessThan(4 * 0.0091);
  let correlation = 0;
  for (let step = 1; step < firsts.length; step++)
    correlation += ((firsts[step] - mean) * (firsts[step - 1] - mean) * 12) / firsts.length;
  expect(Math.abs(correlation)).toBeLessThan(4 * 0.032);
});
