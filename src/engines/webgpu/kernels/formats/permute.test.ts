import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../../node-gpu';
import { readFloats, readTensorBytes, uploadTensor } from '../../transfer';
import { expectAllClose, seededNormal } from '../../../../testing/allclose';
import {
  gatherPermuted,
  packPermutation,
  type Permutation,
  permuteIds,
  scatterPermuted,
  unpackPermutation,
} from './permute';

beforeAll(() => openNodeGpu());

/** Permutation with almost no fixed points: multiplication by a coprime factor. */
const shuffled = (length: number, factor: number) =>
  Uint32Array.from({ length }, (_, index) => (index * factor + 3) % length);

function upload(entries: Uint32Array): Permutation {
  const words = packPermutation(entries);
  return { length: entries.length, words: uploadTensor(words, [words.length]) };
}

test.each([1, 2, 7, 768])('%i entries take two a word and come back', (length) => {
  const entries = shuffled(length, 5);
  const words = packPermutation(entries);
  expect(words.length).toBe(Math.ceil(length / 2));
  expect(unpackPermutation(words, length)).toEqual(entries);
});

test('entries that do not fit 16 bits take one word each', () => {
  const all = Uint32Array.from({ length: 65_536 }, (_, index) => 65_535 - index);
  expect(unpackPermutation(packPermutation(all), 65_536).every((entry, index) => entry === all[index])).toBe(
    true,
  );
  expect(packPermutation(all).length).toBe(32_768);
  const more = Uint32Array.from({ length: 65_537 }, (_, index) => 65_536 - index);
  expect(packPermutation(more).every((entry, index) => entry === more[index])).toBe(true);
  expect(unpackPermutation(more, 65_537).every((entry, index) => entry === more[index])).toBe(true);
});

test.each([
  [1, 1],
  [1, 5],
  [33, 130],
  // Exceeds one dimension of workgroups, and 16-bit indices.
  [70_001, 62],
  [2, 65_537],
])('%i rows of %i columns are taken in order and put back', async (rows, width) => {
  const values = seededNormal(rows * width, 1);
  const entries = shuffled(width, 7);
  const x = uploadTensor(values, [rows, width]);
  const permutation = upload(entries);
  const gathered = gatherPermuted(x, permutation);
  const back = scatterPermuted(gathered, permutation);
  const expected = values.map((_, index) => values[index - (index % width) + entries[index % width]]);
  const [got, again] = [await readFloats(gathered), await readFloats(back)];
  expect(got.findIndex((value, index) => value !== expected[index])).toBe(-1);
  expect(again.findIndex((value, index) => value !== values[index])).toBe(-1);
  tf.dispose([x, permutation.words, gathered, back]);
});

test('the epilogue goes by the column that is written', async () => {
  const [rows, width] = [3, 70];
  const [values, rest, biases] = [seededNormal(210, 2), seededNormal(210, 3), seededNormal(width, 4)];
  const entries = shuffled(width, 9);
  const x = uploadTensor(values, [rows, width]);
  const residual = uploadTensor(rest, [rows, width]);
  const bias = uploadTensor(biases, [width]);
  const permutation = upload(entries);
  const y = gatherPermuted(x, permutation, { bias, activation: 'relu', residual });
  const expected = Array.from(values, (_, index) => {
    const column = index % width;
    return Math.max(values[index - column + entries[column]] + biases[column], 0) + rest[index];
  });
  expectAllClose(await readFloats(y), expected, { absolute: 1e-6, relative: 1e-6 });
  tf.dispose([x, residual, bias, permutation.words, y]);
});

test.each([9, 65_537])('ids below %i', async (length) => {
  const entries = shuffled(length, 5);
  const permutation = upload(entries);
  const wanted = [length - 1, 0, 1, 4, length - 1];
  const ids = uploadTensor(Int32Array.from(wanted), [wanted.length]);
  const found = permuteIds(ids, permutation);
  const bytes = await readTensorBytes(found);
  expect([...new Int32Array(bytes)]).toEqual(wanted.map((id) => entries[id]));
  tf.dispose([ids, permutation.words, found]);
});
