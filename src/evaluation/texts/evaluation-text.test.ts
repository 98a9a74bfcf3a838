import { expect, test } from 'vitest';
import { requireText, sentencesOf } from './evaluation-text';

test('sentences of a labelled set exclude header and labels', () => {
  const content = '\uFEFFsentence\tlabel\r\na good film\t1\r\n\r\na bad one\t0\n';
  const expected = ['a good film', 'a bad one'];
  expect(sentencesOf({ name: 's.tsv', kind: 'labelled', content })).toEqual(expected);
  expect(sentencesOf({ name: 't.txt', kind: 'text', content: 'one\ttwo\n\n three ' })).toEqual([
    'one\ttwo',
    'three',
  ]);
});

test('an empty text is rejected in one sentence', () => {
  expect(() => requireText({ name: 't.txt', kind: 'text', content: ' \n' })).toThrow('t.txt is empty');
});
