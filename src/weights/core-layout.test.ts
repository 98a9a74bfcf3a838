import { expect, test } from 'vitest';
import { coreToMatrix, matrixToCore } from './core-layout';

const shape = { left: 2, row: 3, column: 2, right: 2 };
const core = Float64Array.from({ length: 24 }, (_, index) => index);

test('entry (i, r), (l, j) of the matrix is entry (l, i, j, r) of the core', () => {
  const matrix = coreToMatrix(core, shape);
  const at = (l: number, i: number, j: number, r: number) => ((l * 3 + i) * 2 + j) * 2 + r;
  expect([...matrix.subarray(0, 4)]).toEqual([
    at(0, 0, 0, 0),
    at(0, 0, 1, 0),
    at(1, 0, 0, 0),
    at(1, 0, 1, 0),
  ]);
  expect(matrix[(2 * 2 + 1) * 4 + 1 * 2 + 0]).toBe(at(1, 2, 0, 1));
});

test('and back', () => {
  expect(matrixToCore(coreToMatrix(core, shape), shape)).toEqual(core);
});
