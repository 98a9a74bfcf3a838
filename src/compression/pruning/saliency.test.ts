import { describe, expect, test } from 'vitest';
import { seededNormal } from '../../testing/allclose';
import { markLeast, markLeastOfGroups } from './saliency';

/** Repeated values, so that ties occur. */
const scores = Float64Array.from(seededNormal(600, 1), (value) => Math.round(value * 8) / 8);

/** The least scores by definition, by a stable sort of the positions from `first` on. */
function leastByDefinition(first: number, length: number, count: number): number[] {
  const order = Array.from({ length }, (_, index) => first + index).sort(
    (left, right) => scores[left] - scores[right] || left - right,
  );
  return order.slice(0, count).sort((left, right) => left - right);
}

const marked = (marks: Uint8Array) => Array.from(marks.keys()).filter((index) => marks[index] === 1);

test.each([0, 1, 2, 299, 599, 600])('the %i least of 600', (count) => {
  expect(marked(markLeast(scores, count))).toEqual(leastByDefinition(0, 600, count));
});

describe('of groups', () => {
  test.each([
    [2, 4],
    [1, 4],
    [3, 4],
    [4, 8],
    [1, 3],
    [100, 200],
  ])('all but %i of %i', (kept, groupSize) => {
    const expected = Array.from({ length: 600 / groupSize }, (_, group) =>
      leastByDefinition(group * groupSize, groupSize, groupSize - kept),
    );
    expect(marked(markLeastOfGroups(scores, kept, groupSize))).toEqual(expected.flat());
  });
});
