import { expect, test } from 'vitest';
import type { TensorEntry } from '../checkpoint/named-tensor';
import { memoryEntry } from '../testing/memory-entry';
import { readAhead, type TensorPiece } from './read-ahead';

const MEBIBYTE = 1024 * 1024;

/** Tensor of bytes that counts started and finished reads. */
function slowEntry(name: string, bytes: number, state: { begun: string[] }): TensorPiece {
  const entry: TensorEntry = {
    ...memoryEntry(name, [bytes / 4], new Float32Array(bytes / 4)),
    readBytes: async (start = 0, end = bytes) => {
      state.begun.push(name);
      await new Promise((resolve) => setTimeout(resolve, 1));
      return new Uint8Array(end - start);
    },
  };
  return { entry, start: 0, end: bytes / 4 };
}

test('pieces arrive in order, with the requested elements', async () => {
  const values = Float32Array.from({ length: 10 }, (_, index) => index / 8);
  const entry = memoryEntry('a', [10], values);
  const pieces = [
    { entry, start: 0, end: 3 },
    { entry, start: 3, end: 4 },
    { entry, start: 4, end: 10 },
  ];
  const seen: number[][] = [];
  for await (const { piece, values: read } of readAhead(pieces)) {
    expect(piece).toBe(pieces[seen.length]);
    seen.push([...read]);
  }
  expect(seen).toEqual([[0, 1, 2].map((index) => index / 8), [3 / 8], [4, 5, 6, 7, 8, 9].map((i) => i / 8)]);
});

test('reads ahead while a piece is used, at most 16 MiB', async () => {
  const state = { begun: [] as string[] };
  const pieces = ['a', 'b', 'c', 'd', 'e'].map((name) => slowEntry(name, 8 * MEBIBYTE, state));
  const begunWhenUsed: string[] = [];
  for await (const { piece } of readAhead(pieces))
    begunWhenUsed.push(`${piece.entry.name}: ${state.begun.join('')}`);
  expect(begunWhenUsed).toEqual(['a: ab', 'b: abc', 'c: abcd', 'd: abcde', 'e: abcde']);
});

test('a failed read is reported in its turn; later failures are ignored', async () => {
  const good = memoryEntry('good', [2], Float32Array.of(1, 2));
  const [first, second] = [NaN, Infinity].map((value, index) =>
    memoryEntry(`bad ${index}`, [1], Float32Array.of(value)),
  );
  const pieces = [good, first, second].map((entry) => ({ entry, start: 0, end: entry.byteLength / 4 }));
  const used: string[] = [];
  const reading = (async () => {
    for await (const { piece } of readAhead(pieces)) used.push(piece.entry.name);
  })();
  await expect(reading).rejects.toThrow('Tensor bad 0 holds NaN at element 0');
  expect(used).toEqual(['good']);
});

test('starts no read after cancellation', async () => {
  const state = { begun: [] as string[] };
  const pieces = ['a', 'b', 'c', 'd'].map((name) => slowEntry(name, 8 * MEBIBYTE, state));
  const controller = new AbortController();
  const reading = (async () => {
    for await (const { piece } of readAhead(pieces, controller.signal))
      if (piece.entry.name === 'a') controller.abort();
  })();
  await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
  expect(state.begun.join('')).toBe('abc');
});
