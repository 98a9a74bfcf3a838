import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import { readFloats, uploadTensor } from '../../transfer';
import { expectAllClose, seededNormal, seededRandom } from '../../../../testing/allclose';
import { describeOnEachDevice } from '../../../../testing/each-device';
import { referenceMatmul } from '../../../../testing/reference-matmul';
import { expertColumnTiles, expertRowTiles, groupByExpert, type TokenGroups } from './expert-tiles';

const EXPERTS = 3;

/** Tokens, width of the model, neurons per expert: multiples of four and not. */
const SIZES: [number, number, number][] = [
  [1, 8, 4],
  [40, 24, 10],
  [150, 13, 70],
];

/** The last expert gets no token. */
function drawn(tokens: number): { experts: Int32Array; groups: TokenGroups; expertOfTile: tf.Tensor1D } {
  const random = seededRandom(tokens);
  const experts = Int32Array.from({ length: tokens }, () => Math.floor(2 * random()));
  const groups = groupByExpert(experts, EXPERTS);
  const { expertOfTile } = groups;
  return {
    experts,
    groups,
    expertOfTile: uploadTensor(expertOfTile, [expertOfTile.length]),
  };
}

/** Rows of a matrix in the order of the groups. */
function inOrder(values: Float32Array, width: number, { rows }: TokenGroups): tf.Tensor2D {
  const sorted = Float32Array.from(
    { length: rows.length * width },
    (_, index) => values[rows[Math.floor(index / width)] * width + (index % width)],
  );
  return uploadTensor(sorted, [rows.length, width]);
}

async function inPlace(y: tf.Tensor2D, { places }: TokenGroups): Promise<number[]> {
  const values = await readFloats(y);
  const width = y.shape[1];
  return [...places].flatMap((place) => [...values.subarray(place * width, (place + 1) * width)]);
}

describeOnEachDevice(() => {
  test.each(SIZES)('%i tokens of width %i by the %i rows of their experts', async (tokens, width, size) => {
    const { experts, groups, expertOfTile } = drawn(tokens);
    const x = seededNormal(tokens * width, 1);
    const w = seededNormal(EXPERTS * size * width, 2);
    const b = seededNormal(EXPERTS * size, 3);
    const given = inOrder(x, width, groups);
    const weight = uploadTensor(w, [EXPERTS * size, width]);
    const bias = uploadTensor(b, [EXPERTS * size]);
    const y = expertRowTiles(given, weight, expertOfTile, size, { bias, activation: 'relu' });
    const all = referenceMatmul(x, w, [tokens, width, EXPERTS * size]);
    const expected = [...experts].flatMap((expert, token) =>
      Array.from({ length: size }, (_, neuron) => {
        const row = expert * size + neuron;
        return Math.max(0, all[token * EXPERTS * size + row] + b[row]);
      }),
    );
    expectAllClose(await inPlace(y, groups), expected, { absolute: 1e-6 * Math.sqrt(width) });
    tf.dispose([expertOfTile, given, weight, bias, y]);
  });

  test.each(SIZES)('%i tokens back to width %i by the %i columns of them', async (tokens, width, size) => {
    const { experts, groups, expertOfTile } = drawn(tokens);
    const x = seededNormal(tokens * size, 1);
    const w = seededNormal(EXPERTS * size * width, 2);
    const b = seededNormal(width, 3);
    const given = inOrder(x, size, groups);
    const weight = uploadTensor(w, [width, EXPERTS * size]);
    const bias = uploadTensor(b, [width]);
    const y = expertColumnTiles(given, weight, expertOfTile, bias);
    // Outputs of other experts are zero.
    const spread = new Float32Array(tokens * EXPERTS * size);
    x.forEach((value, index) => {
      const [token, neuron] = [Math.floor(index / size), index % size];
      spread[(token * EXPERTS + experts[token]) * size + neuron] = value;
    });
    const expected = referenceMatmul(spread, w, [tokens, EXPERTS * size, width]).map(
      (value, index) => value + b[index % width],
    );
    expectAllClose(await inPlace(y, groups), expected, { absolute: 1e-6 * Math.sqrt(size) });
    tf.dispose([expertOfTile, given, weight, bias, y]);
  });

  test('tokens of one expert lie together, in whole tiles', () => {
    const experts = Int32Array.of(2, 0, 2, 2, 0);
    const { rows, places, expertOfTile, spans } = groupByExpert(experts, EXPERTS);
    expect([...expertOfTile]).toEqual([0, 2]);
    const size = rows.length / 2;
    expect(spans).toEqual([
      { first: 0, count: size },
      { first: size, count: 0 },
      { first: size, count: size },
    ]);
    expect([...places]).toEqual([size, 0, size + 1, size + 2, 1]);
    expect(Array.from(places, (place) => rows[place])).toEqual([0, 1, 2, 3, 4]);
  });
});
