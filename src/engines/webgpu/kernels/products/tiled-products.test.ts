import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../../node-gpu';
import { readFloats, uploadTensor } from '../../transfer';
import { expectAllClose, seededNormal } from '../../../../testing/allclose';
import { tiledProducts } from './tiled-products';

beforeAll(() => openNodeGpu());

/** Transposes the row-major matrices of a batch. */
function turned(values: Float32Array, batch: number, rows: number, columns: number): Float32Array {
  const result = new Float32Array(values.length);
  for (let b = 0; b < batch; b++)
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++)
        result[(b * columns + column) * rows + row] = values[(b * rows + row) * columns + column];
  return result;
}

test.each([
  [1, 1, 1, 1],
  [3, 5, 7, 6],
  [2, 33, 4, 9],
  [6, 8, 32, 8],
  [1, 64, 3, 65],
  [3, 13, 12, 20],
  [2, 20, 36, 12],
])('%i pairs of %i×%i by ×%i, either side transposed', async (batch, rows, terms, columns) => {
  const left = seededNormal(batch * rows * terms, 1);
  const right = seededNormal(batch * terms * columns, 2);
  const expected = new Float64Array(batch * rows * columns);
  for (let b = 0; b < batch; b++)
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++)
        for (let k = 0; k < terms; k++)
          expected[(b * rows + row) * columns + column] +=
            left[(b * rows + row) * terms + k] * right[(b * terms + k) * columns + column];
  const upload = (values: Float32Array, shape: number[]) => uploadTensor(values, shape) as tf.Tensor3D;
  const lefts = [
    { values: upload(left, [batch, rows, terms]) },
    { values: upload(turned(left, batch, rows, terms), [batch, terms, rows]), isTransposed: true },
  ];
  const rights = [
    { values: upload(right, [batch, terms, columns]) },
    { values: upload(turned(right, batch, terms, columns), [batch, columns, terms]), isTransposed: true },
  ];
  for (const one of lefts) {
    for (const other of rights) {
      const y = tiledProducts(one, other);
      expect(y.shape).toEqual([batch, rows, columns]);
      expectAllClose(await readFloats(y), expected, { absolute: 1e-5, relative: 1e-5 });
      y.dispose();
    }
  }
  tf.dispose([...lefts, ...rights].map(({ values }) => values));
});

test.each([8, 20, 36, 37])('triangles of side %i save products and change no result', async (size) => {
  const square = seededNormal(2 * size * size, 3).map((value, place) =>
    place % size > Math.floor(place / size) % size ? 0 : value,
  );
  const other = uploadTensor(seededNormal(2 * size * 12, 4), [2, size, 12]) as tf.Tensor3D;
  const lower = uploadTensor(square, [2, size, size]) as tf.Tensor3D;
  for (const [isTransposed, triangle] of [
    [false, 'lower left'],
    [true, 'upper left'],
  ] as const) {
    const left = { values: lower, isTransposed };
    const [expected, y] = [
      tiledProducts(left, { values: other }),
      tiledProducts(left, { values: other }, triangle),
    ];
    expect(await readFloats(y)).toEqual(await readFloats(expected));
    tf.dispose([expected, y]);
  }
  const [one, both] = [{ values: other }, { values: other, isTransposed: true }];
  const [all, half] = [tiledProducts(one, both), tiledProducts(one, both, 'lower result')];
  const below = (values: Float32Array) =>
    values.filter((_, place) => place % size <= Math.floor(place / size) % size);
  expect(below(await readFloats(half))).toEqual(below(await readFloats(all)));
  tf.dispose([all, half, other, lower]);
});

test('matrices that do not fit each other are refused', () => {
  const x = uploadTensor(new Float32Array(6), [1, 2, 3]) as tf.Tensor3D;
  expect(() => tiledProducts({ values: x }, { values: x })).toThrow('3 columns and 2 rows');
  x.dispose();
});
