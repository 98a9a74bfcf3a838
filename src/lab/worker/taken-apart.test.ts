import { expect, test } from 'vitest';
import { restoreArguments, extractCallbacks } from './taken-apart';

const { signal } = new AbortController();

test('functions and signals are extracted from arguments and from plain objects among them', () => {
  const listener = () => 'heard';
  const blob = new Blob(['a']);
  const { data, callbacks, signals } = extractCallbacks([
    1,
    listener,
    { a: 1, onStep: listener, signal },
    [blob],
    blob,
  ]);
  expect(data).toEqual([1, undefined, { a: 1 }, [blob], blob]);
  expect(data[4]).toBe(blob);
  expect(callbacks.map(({ place }) => place)).toEqual([{ argument: 1 }, { argument: 2, member: 'onStep' }]);
  expect(callbacks.map(({ call }) => call())).toEqual(['heard', 'heard']);
  expect(signals).toEqual([{ place: { argument: 2, member: 'signal' }, signal }]);
});

test('values are restored at their places', () => {
  const parts = [
    { place: { argument: 0 }, value: 'f' },
    { place: { argument: 1, member: 'g' }, value: 'g' },
    { place: { argument: 1, member: 'h' }, value: 'h' },
  ];
  expect(restoreArguments([undefined, { a: 1 }, 2], parts)).toEqual(['f', { a: 1, g: 'g', h: 'h' }, 2]);
});
