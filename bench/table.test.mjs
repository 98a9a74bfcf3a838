import { expect, test } from 'vitest';
import { formatNumber, markdownTable } from './table.mjs';

test.each([
  [0, '0'],
  [0.00123, '0.00123'],
  [0.7, '0.700'],
  [1.456, '1.46'],
  [12.34, '12.3'],
  [99.96, '100.0'],
  [1234.5, '1,235'],
  [-2.5, '-2.50'],
])('%d is written as %s', (value, text) => expect(formatNumber(value)).toBe(text));

test('a table aligns columns of numbers, writes dashes for missing values, and escapes bars', () => {
  expect(
    markdownTable(
      ['what | which', 'value'],
      [
        ['a', 2],
        ['b', undefined],
      ],
    ),
  ).toBe(['| what \\| which | value |', '| --- | --: |', '| a | 2.00 |', '| b | – |'].join('\n'));
});

test('a row that does not fit the head is refused', () => {
  expect(() => markdownTable(['one'], [['a', 'b']])).toThrow('A row of 2 cells does not fit a head of 1.');
});
