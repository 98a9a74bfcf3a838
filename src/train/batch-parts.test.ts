import { expect, test } from 'vitest';
import type { TrainingBatch } from '../model/gradients/sequence-losses';
import { partsOf, targetCount, tokenCount } from './batch-parts';

const batch: TrainingBatch = {
  ids: Int32Array.of(1, 2, 3, 4, 5, 0, 6, 7, 8, 9, 0, 0),
  batch: 4,
  length: 3,
  lengths: [3, 2, 3, 1],
  tokenTypes: Int32Array.of(0, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0),
  targets: Int32Array.of(2, 3, -1, 5, -1, -1, 7, 8, -1, -1, -1, -1),
};

test('two parts hold the sequences in order, weighted by their targets', () => {
  const [first, second, ...others] = partsOf(batch, 2);
  expect(others).toEqual([]);
  expect(first).toEqual({
    batch: {
      ids: Int32Array.of(1, 2, 3, 4, 5, 0),
      batch: 2,
      length: 3,
      lengths: [3, 2],
      tokenTypes: Int32Array.of(0, 0, 1, 0, 1, 0),
      targets: Int32Array.of(2, 3, -1, 5, -1, -1),
    },
    share: 3 / 5,
  });
  expect([...second.batch.ids]).toEqual([6, 7, 8, 9, 0, 0]);
  expect(second.share).toBe(2 / 5);
});

test('the last part may be smaller, and shares add up to 1', () => {
  const parts = partsOf(batch, 3);
  expect(parts.map((part) => part.batch.batch)).toEqual([2, 2]);
  expect(partsOf(batch, 4).map(({ share }) => share)).toEqual([0.4, 0.2, 0.4, 0]);
  expect(partsOf(batch, 1)[0].share).toBe(1);
});

test('labels stay with their sentences; unlabelled sentences have equal weight', () => {
  const sentences = { ...batch, targets: Int32Array.of(1, 0, -1, 1) };
  expect(partsOf(sentences, 2).map(({ batch: part, share }) => [[...part.targets], share])).toEqual([
    [[1, 0], 2 / 3],
    [[-1, 1], 1 / 3],
  ]);
  const unlabelled = { ...batch, targets: new Int32Array(4).fill(-1) };
  expect(partsOf(unlabelled, 4).map(({ share }) => share)).toEqual([0.25, 0.25, 0.25, 0.25]);
});

test('counts leave padding out', () => {
  expect([targetCount(batch), tokenCount(batch)]).toEqual([5, 9]);
  expect(tokenCount({ ...batch, lengths: undefined })).toBe(12);
});
