import { expect, test } from 'vitest';
import { putBack, takeApart } from './taken-apart';

const { signal } = new AbortController();

test('functions and signals come out of arguments and of plain objects among them', () => {
  const listener = () => 'heard';
  const blob = new Blob(['a']);
  const { data, callbacks, signals } = takeApart([
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

test('what is put back stands where it stood', () => {
  const parts = [
    { place: { argument: 0 }, value: 'f' },
    { place: { argument: 1, member: 'g' }, value: 'g' },
    { place: { argument: 1, member: 'h' }, value: 'h' },
  ];
  expect(putBack([undefined, { a: 1 }, 2], parts)).toEqual(['f', { a: 1, g: 'g', h: 'h' }, 2]);
});
