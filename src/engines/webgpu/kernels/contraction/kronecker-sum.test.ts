import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import { readFloats, uploadTensor } from '../../transfer';
import { expectAllClose, seededNormal } from '../../../../testing/allclose';
import { describeOnEachDevice } from '../../../../testing/each-device';
import { kroneckerGradient, kroneckerSum } from './kronecker-sum';

describeOnEachDevice(() => {
  test.each([
    [1, [40, 30], [2, 1]],
    [2, [3, 4], [5, 6]],
    [3, [2, 1], [33, 40]],
    [1, [1, 1], [7, 3]],
  ] as const)(
    '%i terms of %j and %j: sum and gradients agree with float64',
    async (terms, aShape, bShape) => {
      const [[aRows, aColumns], [bRows, bColumns]] = [aShape, bShape];
      const sizes = { terms, aRows, aColumns, bRows, bColumns };
      const a = seededNormal(terms * aRows * aColumns, 1);
      const b = seededNormal(terms * bRows * bColumns, 2);
      const [rows, columns] = [aRows * bRows, aColumns * bColumns];
      const change = seededNormal(rows * columns, 3);
      const sum = new Float64Array(rows * columns);
      const byA = new Float64Array(a.length);
      const byB = new Float64Array(b.length);
      for (let k = 0; k < terms; k++) {
        for (let row = 0; row < rows; row++) {
          for (let column = 0; column < columns; column++) {
            const [i, j] = [Math.floor(row / bRows), Math.floor(column / bColumns)];
            const ofA = i * terms * aColumns + k * aColumns + j;
            const ofB = (k * bRows + (row % bRows)) * bColumns + (column % bColumns);
            const at = row * columns + column;
            sum[at] += a[ofA] * b[ofB];
            byA[ofA] += change[at] * b[ofB];
            byB[ofB] += change[at] * a[ofA];
          }
        }
      }
      const left = uploadTensor(a, [aRows, terms * aColumns]);
      const right = uploadTensor(b, [terms * bRows, bColumns]);
      const dy = uploadTensor(change, [rows, columns]);
      const found = [
        kroneckerSum(left, right, sizes),
        kroneckerGradient('a', dy, right, sizes),
        kroneckerGradient('b', dy, left, sizes),
      ];
      expect(found.map(({ shape }) => shape)).toEqual([[rows, columns], left.shape, right.shape]);
      for (const [index, expected] of [sum, byA, byB].entries())
        expectAllClose(await readFloats(found[index]), expected, { absolute: 5e-5, relative: 1e-5 });
      tf.dispose([left, right, dy, ...found]);
    },
  );
});
