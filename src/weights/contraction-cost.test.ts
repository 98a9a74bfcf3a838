import { expect, test } from 'vitest';
import { kroneckerCost, tensorTrainCost } from './contraction-cost';

test('Kronecker: the factor that shrinks the token goes first', () => {
  // A [384, 192], B [2, 1]: B doubles 192 values (384 products), A then takes 2 columns of 192 to 384 rows.
  const tall = { terms: 1, aRows: 384, aColumns: 192, bRows: 2, bColumns: 1 };
  expect(kroneckerCost(tall, 'b')).toEqual({ multiplications: 384 + 147_456, elements: 384 });
  expect(kroneckerCost(tall, 'a')).toEqual({ multiplications: 73_728 + 768, elements: 384 });
  // A [2, 8] shrinks the 8·4 inputs to 2·4 before B widens them to 2·16.
  const wide = { terms: 3, aRows: 2, aColumns: 8, bRows: 16, bColumns: 4 };
  expect(kroneckerCost(wide, 'a')).toEqual({ multiplications: 3 * (64 + 128), elements: 24 });
  expect(kroneckerCost(wide, 'b')).toEqual({ multiplications: 3 * (512 + 256), elements: 384 });
});

test('tensor train: counted by hand for rows 8·8·12, columns 4·6·8 and ranks 32, 64', () => {
  const cores = [
    { left: 1, row: 8, column: 4, right: 32 },
    { left: 32, row: 8, column: 6, right: 64 },
    { left: 64, row: 12, column: 8, right: 1 },
  ];
  expect(tensorTrainCost(cores, 'first')).toEqual({
    multiplications: 1024 * 48 + 98_304 * 8 * 8 + 6144 * 64,
    elements: 8 * 8 * 64 * 8,
  });
  expect(tensorTrainCost(cores, 'last')).toEqual({
    multiplications: 6144 * 24 + 98_304 * 4 * 12 + 1024 * 96,
    elements: 24 * 64 * 12,
  });
});

test('tensor train: reversing the matrix reverses the cheaper end', () => {
  const narrowing = [
    { left: 1, row: 2, column: 16, right: 3 },
    { left: 3, row: 4, column: 4, right: 1 },
  ];
  const reversed = [
    { left: 1, row: 4, column: 4, right: 3 },
    { left: 3, row: 2, column: 16, right: 1 },
  ];
  expect(tensorTrainCost(narrowing, 'first')).toEqual(tensorTrainCost(reversed, 'last'));
  expect(tensorTrainCost(narrowing, 'last')).toEqual(tensorTrainCost(reversed, 'first'));
  expect(tensorTrainCost(narrowing, 'first').multiplications).toBeLessThan(
    tensorTrainCost(narrowing, 'last').multiplications,
  );
});
