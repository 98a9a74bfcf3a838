import { describe, expect, test } from 'vitest';
import { seeded } from '../../model/generation/sampling';
import { routingOf } from '../../model/structure';
import { seededRandom } from '../../testing/allclose';
import { REFERENCE_SPLIT } from '../../testing/tiny-mixtures';
import { balancedExperts, dealtNeurons } from './expert-split';

describe('neurons', () => {
  /** Ranking: 3, 0, 5, 1, 4, 2, 6. */
  const importance = Float64Array.of(0.8, 0.5, 0.3, 0.9, 0.4, 0.7, 0.1);

  test('the most important are copied to all experts, the others dealt out in turn', () => {
    expect(dealtNeurons(importance, { experts: 2, size: 3, shared: 1 })).toEqual([0, 1, 3, 3, 4, 5]);
    expect(dealtNeurons(importance, { experts: 3, size: 3, shared: 2 })).toEqual([0, 3, 5, 0, 1, 3, 0, 3, 4]);
    expect(dealtNeurons(importance, { experts: 2, size: 2, shared: 2 })).toEqual([0, 3, 0, 3]);
  });

  test('one expert of all neurons has them in order, whatever is shared', () => {
    for (const shared of [0, 4, 7])
      expect(dealtNeurons(importance, { experts: 1, size: 7, shared })).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  test('equally important neurons are ordered by their number', () => {
    expect(dealtNeurons(new Float64Array(4), { experts: 2, size: 2, shared: 0 })).toEqual([0, 2, 1, 3]);
  });

  test('more neurons than the layer has are refused', () => {
    expect(() => dealtNeurons(importance, { experts: 4, size: 3, shared: 1 })).toThrow(
      'need 9 neurons, but the layer has 7',
    );
  });
});

describe('tokens', () => {
  const random = seededRandom(1);
  /** Zipf-distributed frequencies in random order, some of them zero. */
  const counts = Array.from({ length: 500 }, (_, rank) => (rank < 400 ? Math.floor(10_000 / (rank + 1)) : 0));
  counts.sort(() => random() - 0.5);
  const total = counts.reduce((sum, count) => sum + count, 0);

  test('experts have about equal loads', () => {
    const chosen = balancedExperts(counts, 4, seededRandom(2));
    for (let expert = 0; expert < 4; expert++) {
      const load = counts.reduce((sum, count, token) => sum + (chosen[token] === expert ? count : 0), 0);
      expect(load / total).toBeCloseTo(0.25, 2);
    }
  });

  test('tokens that never occur are distributed evenly', () => {
    const chosen = balancedExperts(new Array<number>(50).fill(0), 4, seededRandom(2));
    const sizes = [0, 1, 2, 3].map((expert) => chosen.filter((each) => each === expert).length);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBe(1);
  });

  test('different draws group different tokens, also frequent ones', () => {
    const draw = seededRandom(3);
    const [first, second] = [balancedExperts(counts, 4, draw), balancedExperts(counts, 4, draw)];
    const frequent = [...counts.keys()].sort((left, right) => counts[right] - counts[left]).slice(0, 40);
    const together = (chosen: Int32Array) =>
      frequent.flatMap((left) => frequent.map((right) => chosen[left] === chosen[right]));
    expect(together(first)).not.toEqual(together(second));
  });
});

test('neurons and tokens are assigned as in PyTorch', () => {
  const { importance, sizes, neurons, counts, seed, experts, routings } = REFERENCE_SPLIT;
  expect(dealtNeurons(Float64Array.from(importance), sizes)).toEqual(neurons);
  const random = seeded(seed);
  for (const routing of routings) expect(routingOf(balancedExperts(counts, experts, random))).toBe(routing);
});
