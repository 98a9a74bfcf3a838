import { expect, test } from 'vitest';
import { allocateBudget } from './allocate-budget';
import type { SensitivityProfile } from './sensitivity-profile';

const entry = (name: string, divergence: number, bytesSaved: number) => ({
  name,
  modules: [name],
  divergence,
  bytesSaved,
});

const PROFILE: SensitivityProfile = {
  model: 'a model',
  method: 'round-to-nearest',
  parameters: {},
  protocol: 'a text',
  // Divergence per byte: 0.01, 0.001, 0.1, and an entry that saves nothing.
  entries: [entry('a', 1, 100), entry('b', 0.2, 200), entry('c', 1, 10), entry('d', 0, -5)],
};

test('chooses the least divergence per byte first and stops when the file fits', () => {
  const { chosen, bytes, divergence, fits } = allocateBudget(PROFILE, 1000, 800);
  expect(chosen.map(({ name }) => name)).toEqual(['b']);
  expect([bytes, divergence, fits]).toEqual([800, 0.2, true]);
  expect(allocateBudget(PROFILE, 1000, 799).chosen.map(({ name }) => name)).toEqual(['b', 'a']);
});

test('reports when compressing everything is not enough', () => {
  const { chosen, bytes, fits } = allocateBudget(PROFILE, 1000, 100);
  expect(chosen.map(({ name }) => name)).toEqual(['b', 'a', 'c']);
  expect([bytes, fits]).toEqual([690, false]);
});

test('a budget of the whole file compresses nothing', () => {
  expect(allocateBudget(PROFILE, 1000, 1000).chosen).toEqual([]);
});
