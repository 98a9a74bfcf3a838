import * as tf from '@tensorflow/tfjs';
import { beforeAll, test } from 'vitest';
import { openNodeGpu } from '../../node-gpu';
import { readFloats, uploadTensor } from '../../transfer';
import { expectAllClose, seededNormal } from '../../../../testing/allclose';
import { rowsOfTrains, rowTrainTile } from './row-trains';

beforeAll(() => openNodeGpu());

type Core = readonly [left: number, size: number, right: number];

/** Definition, element by element: the product of the matrices that its digits select. */
function byDefinition(values: Float32Array, cores: readonly Core[], width: number): Float64Array {
  const length = cores.reduce((sum, [left, size, right]) => sum + left * size * right, 0);
  return Float64Array.from({ length: (values.length / length) * width }, (_, index) => {
    let below = cores.reduce((product, [, size]) => product * size, 1);
    let offset = Math.floor(index / width) * length;
    let state = [1];
    for (const [left, size, right] of cores) {
      below /= size;
      const digit = Math.floor((index % width) / below) % size;
      const at = (l: number, r: number) => values[offset + (l * size + digit) * right + r];
      const before = state;
      state = Array.from({ length: right }, (_, r) => before.reduce((sum, x, l) => sum + x * at(l, r), 0));
      offset += left * size * right;
    }
    return state[0];
  });
}

const SHAPES: [width: number, cores: Core[]][] = [
  [
    6,
    [
      [1, 2, 1],
      [1, 3, 1],
    ],
  ],
  [
    13,
    [
      [1, 3, 2],
      [2, 5, 1],
    ],
  ],
  [
    24,
    [
      [1, 2, 2],
      [2, 2, 4],
      [4, 2, 4],
      [4, 2, 2],
      [2, 2, 1],
    ],
  ],
  [
    70,
    [
      [1, 7, 5],
      [5, 2, 3],
      [3, 5, 1],
    ],
  ],
  [
    130,
    [
      [1, 12, 12],
      [12, 12, 1],
    ],
  ],
];

test.each(SHAPES)('rows of %i out of cores %j', async (width, cores) => {
  const length = cores.reduce((sum, [left, size, right]) => sum + left * size * right, 0);
  const values = seededNormal(9 * length, 1);
  const expected = byDefinition(values, cores, width);
  const trains = { width, cores: cores.map(([left, size, right]) => ({ left, size, right })) };
  const matrix = uploadTensor(values, [9, length]);
  const all = rowsOfTrains(matrix, trains, { firstRow: 0, count: 9 });
  expectAllClose(await readFloats(all), expected, { absolute: 1e-4, relative: 1e-5 });
  const tile = rowTrainTile(trains, 4);
  for (const [firstRow, count] of [
    [0, 4],
    [7, 2],
  ]) {
    rowsOfTrains(matrix, trains, { firstRow, count }, tile);
    const got = (await readFloats(tile.rows)).subarray(0, count * width);
    expectAllClose(got, expected.subarray(firstRow * width, (firstRow + count) * width), {
      absolute: 1e-4,
      relative: 1e-5,
    });
  }
  tf.dispose([matrix, all, tile.rows, tile.lefts, tile.rights]);
});
