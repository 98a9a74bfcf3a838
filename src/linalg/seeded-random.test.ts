import { expect, test } from 'vitest';
import { drawDifferent, seededUniform } from './seeded-random';

test('a seed gives the same numbers, spread evenly over the interval', () => {
  const [random, same, other] = [seededUniform(7), seededUniform(7), seededUniform(8)];
  const drawn = Array.from({ length: 10_000 }, random);
  expect(Array.from({ length: 10_000 }, same)).toEqual(drawn);
  expect(other()).not.toBe(drawn[0]);
  const tenths = new Array<number>(10).fill(0);
  for (const value of drawn) tenths[Math.floor(value * 10)]++;
  // Five standard deviations of a binomial count of 1000.
  for (const count of tenths) expect(Math.abs(count - 1000)).toBeLessThan(150);
});

test('drawn integers are different and equally frequent', () => {
  const random = seededUniform(1);
  expect([...drawDifferent(20, 20, random)].sort((a, b) => a - b)).toEqual(
    Array.from({ length: 20 }, (_, i) => i),
  );
  const counts = new Array<number>(10).fill(0);
  for (let round = 0; round < 3000; round++) {
    const drawn = drawDifferent(3, 10, random);
    expect(new Set(drawn).size).toBe(3);
    for (const value of drawn) counts[value]++;
  }
  for (const count of counts) expect(Math.abs(count - 900)).toBeLessThan(130);
  expect(() => drawDifferent(3, 2, random)).toThrow('no 3 different integers below 2');
});
