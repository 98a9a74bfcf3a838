import { describe, expect, test } from 'vitest';
import { expectAllClose, seededNormal } from '../testing/allclose';
import { referenceMatmul } from '../testing/reference-matmul';
import { matrixFrom, transpose } from './matrix';
import { type HeapMatrix, PANEL, PanelHeap } from './panel-heap';

function fill(matrix: HeapMatrix, seed: number): HeapMatrix {
  matrix.values.set(seededNormal(matrix.values.length, seed));
  return matrix;
}

const expected = (a: HeapMatrix, panel: HeapMatrix) =>
  referenceMatmul(a.values, transpose(panel).values, [a.rows, a.columns, PANEL]);

describe('A times a panel', () => {
  test.each([
    [1, 1],
    [2, 5],
    [7, 3],
    [40, 129],
  ])('A of [%i, %i]', (rows, columns) => {
    const heap = new PanelHeap([
      [rows, columns],
      [columns, PANEL],
      [rows, PANEL],
    ]);
    const a = fill(heap.allocate(rows, columns), 1);
    const panel = fill(heap.allocate(columns, PANEL), 2);
    const result = fill(heap.allocate(rows, PANEL), 3);
    heap.multiply(a, panel, result);
    expectAllClose(result.values, expected(a, panel), { absolute: 1e-13 * columns, relative: 0 });
  });

  test('a part of the rows and of the columns', () => {
    const heap = new PanelHeap([
      [9, 11],
      [4, PANEL],
      [3, PANEL],
    ]);
    const a = fill(heap.allocate(9, 11), 1);
    const panel = fill(heap.allocate(4, PANEL), 2);
    const result = heap.allocate(3, PANEL);
    heap.multiply(a, panel, result, { firstRow: 5, rows: 3, inner: 4 });
    const part = matrixFrom(
      [5, 6, 7].flatMap((row) => Array.from(a.values.subarray(row * 11, row * 11 + 4))),
      3,
      4,
    );
    const product = referenceMatmul(part.values, transpose(panel).values, [3, 4, PANEL]);
    expectAllClose(result.values, product, { absolute: 1e-13, relative: 0 });
  });

  test('an odd last row does not change the following matrices', () => {
    const heap = new PanelHeap([
      [3, 2],
      [2, PANEL],
      [3, PANEL],
      [1, 1],
    ]);
    const a = fill(heap.allocate(3, 2), 1);
    const panel = fill(heap.allocate(2, PANEL), 2);
    const result = heap.allocate(3, PANEL);
    const next = fill(heap.allocate(1, 1), 4);
    const before = next.values.slice();
    heap.multiply(a, panel, result);
    expect(next.values).toEqual(before);
  });
});

test('infinite values stay in their rows and columns', () => {
  const heap = new PanelHeap([
    [2, 1],
    [1, PANEL],
    [2, PANEL],
  ]);
  const a = heap.allocate(2, 1);
  a.values.set([Infinity, 2]);
  const panel = heap.allocate(1, PANEL);
  panel.values.fill(3);
  const result = heap.allocate(2, PANEL);
  heap.multiply(a, panel, result);
  expect(Array.from(result.values)).toEqual([
    ...new Array(PANEL).fill(Infinity),
    ...new Array(PANEL).fill(6),
  ]);
});
