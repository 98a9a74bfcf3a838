import { describe, expect, test } from 'vitest';
import { parseLabelledText } from './labelled-text';

const labels = ['NEGATIVE', 'POSITIVE'];

describe('parseLabelledText', () => {
  test('parses label indices and names, a header, empty lines and Windows line ends', () => {
    const content = '\uFEFFsentence\tlabel\r\na good film\t1\r\n\r\nbad , very bad\tnegative\n';
    expect(parseLabelledText(content, labels, 'x.tsv')).toEqual([
      { text: 'a good film', label: 1 },
      { text: 'bad , very bad', label: 0 },
    ]);
  });

  test('stops at the maximum number of examples', () => {
    expect(parseLabelledText('a\t0\nb\t1\nbroken', labels, 'x.tsv', 2)).toHaveLength(2);
  });

  test.each([
    ['', 'x.tsv has no examples'],
    ['sentence\tlabel\n', 'x.tsv has no examples'],
    ['good\t7\nbad\t1', 'Line 1 of x.tsv is not "sentence<TAB>label"'],
    ['just a text', 'Line 1 of x.tsv is not "sentence<TAB>label"'],
    [
      'good\t1\nbad\t7',
      'Line 2 of x.tsv is not "sentence<TAB>label" with a label of this model (0 or NEGATIVE, 1 or POSITIVE)',
    ],
  ])('%j is explained in one sentence', (content, message) => {
    expect(() => parseLabelledText(content, labels, 'x.tsv')).toThrow(message);
  });
});
