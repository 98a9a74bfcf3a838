import { describe, expect, test } from 'vitest';
import { seededNormal } from '../../testing/allclose';
import { keptByNorm, magnitudeThreshold, pruneBelow, pruneNOfM } from './magnitude';

/** The `count` elements of least magnitude by definition, by a stable sort. */
function smallest(values: Float32Array, count: number): Set<number> {
  const order = Array.from(values.keys()).sort((a, b) => Math.abs(values[a]) - Math.abs(values[b]) || a - b);
  return new Set(order.slice(0, count));
}

describe('magnitudeThreshold and pruneBelow', () => {
  test.each([0, 1, 17, 500, 999, 1000])('remove exactly the %i of least magnitude', async (count) => {
    const values = seededNormal(1000, 3);
    // Repeated magnitudes, as in a half-precision checkpoint.
    for (let index = 0; index < 400; index++) values[index] = Math.round(values[index] * 4) / 4;
    const { pruned } = pruneBelow(values, await magnitudeThreshold([values], count));
    const removed = smallest(values, count);
    expect(Array.from(pruned)).toEqual(
      Array.from(values, (value, index) => (removed.has(index) ? 0 : value)),
    );
  });

  test('one threshold over several matrices removes the smallest of all', async () => {
    const parts = [seededNormal(300, 1), seededNormal(700, 2).map((value) => value * 0.1)];
    const threshold = await magnitudeThreshold(parts, 600);
    const removed = smallest(Float32Array.from([...parts[0], ...parts[1]]), 600);
    const counts = parts.map(
      (part) => pruneBelow(part, threshold).pruned.filter((value) => value === 0).length,
    );
    expect(counts).toEqual([
      [...removed].filter((i) => i < 300).length,
      [...removed].filter((i) => i >= 300).length,
    ]);
  });
});

describe('pruneNOfM', () => {
  test('keeps the greatest of each group, the first among equals', () => {
    const values = Float32Array.from([1, -3, 2, 0.5, 4, 4, -4, 4]);
    expect(Array.from(pruneNOfM(values, 4, 2, 4))).toEqual([0, -3, 2, 0, 4, 4, 0, 0]);
  });

  test('a width that is not a multiple of the group size is refused', () => {
    expect(() => pruneNOfM(new Float32Array(12), 6, 2, 4)).toThrow('Groups of 4 do not divide 6 columns.');
  });
});

describe('keptByNorm', () => {
  const values = Float32Array.from([3, 4, 0, 1, 1, 1, 0, 2, 2]);

  test('rows by Euclidean norm', () => {
    expect(Array.from(keptByNorm(values, [3, 3], 'rows', 1))).toEqual([0, 2]);
  });

  test('columns by Euclidean norm', () => {
    expect(Array.from(keptByNorm(values, [3, 3], 'columns', 2))).toEqual([1]);
  });
});
