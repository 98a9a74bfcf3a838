import { describe, expect, test } from 'vitest';
import { magnitudeMasks } from './magnitude-masks';

const WIDE = { values: Float32Array.of(1, -8, 3, 0, 5, -6, 0.5, 7), width: 4 };
const SMALL = { values: Float32Array.of(0.1, -0.2, 0.3, 0.4), width: 4 };

const masks = async (...given: Parameters<typeof magnitudeMasks>) =>
  (await magnitudeMasks(...given)).map((mask) => [...mask]);

describe('masks by magnitude', () => {
  test('of each matrix separately', async () => {
    expect(await masks([WIDE, SMALL], { sparsity: 0.5, scope: 'layer' })).toEqual([
      [0, 1, 0, 0, 1, 1, 0, 1],
      [0, 0, 1, 1],
    ]);
  });

  test('under one threshold', async () => {
    expect(await masks([WIDE, SMALL], { sparsity: 0.5, scope: 'global' })).toEqual([
      [1, 1, 1, 0, 1, 1, 0, 1],
      [0, 0, 0, 0],
    ]);
  });

  test('among equals, over matrices too, the first are removed and no more than requested', async () => {
    const equal = { values: Float32Array.of(1, 1, 1, 1), width: 4 };
    expect(await masks([equal, equal], { sparsity: 0.625, scope: 'global' })).toEqual([
      [0, 0, 0, 0],
      [0, 1, 1, 1],
    ]);
  });

  test('a sparsity of 0 removes nothing, 1 removes everything', async () => {
    expect(await masks([WIDE], { sparsity: 0, scope: 'layer' })).toEqual([Array(8).fill(1)]);
    expect(await masks([WIDE], { sparsity: 1, scope: 'layer' })).toEqual([Array(8).fill(0)]);
  });

  test('of groups; a zero may stay', async () => {
    expect(await masks([WIDE], { kept: 2, groupSize: 4 })).toEqual([[0, 1, 1, 0, 0, 1, 0, 1]]);
    expect(await masks([WIDE], { kept: 4, groupSize: 4 })).toEqual([Array(8).fill(1)]);
  });
});
