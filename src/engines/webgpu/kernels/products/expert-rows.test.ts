import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import { readFloats, readTensorBytes, uploadTensor } from '../../transfer';
import { expectAllClose, seededNormal } from '../../../../testing/allclose';
import { describeOnEachDevice } from '../../../../testing/each-device';
import { expertColumnsProduct, expertRowsProduct, type TokenRouting } from './expert-rows';
import { lookUpIds } from '../layers/look-up-ids';
import { ownExpertColumns } from '../layers/own-expert';

const EXPERT_OF_ID = [2, 0, 1, 1, 0, 2, 2];
const IDS = [5, 2, 6, 0, 4];
const EXPERTS = 3;

/** Tokens, width of the model, neurons per expert: multiples of four and not. */
const SIZES: [number, number, number][] = [
  [1, 24, 8],
  [1, 13, 10],
  [5, 24, 36],
  [5, 7, 3],
  [4, 768, 70],
];

function routingOf(tokens: number): { routing: TokenRouting; ofToken: number[] } {
  const ids = IDS.slice(0, tokens);
  const int = (values: number[]) => uploadTensor(Int32Array.from(values), [values.length]);
  return {
    routing: { ids: int(ids), experts: int(EXPERT_OF_ID) },
    ofToken: ids.map((id) => EXPERT_OF_ID[id]),
  };
}

function dot(count: number, left: (index: number) => number, right: (index: number) => number): number {
  return Array.from({ length: count }, (_, index) => left(index) * right(index)).reduce((a, b) => a + b, 0);
}

describeOnEachDevice(() => {
  test.each(SIZES)('%i tokens of width %i by the %i rows of their experts', async (tokens, width, size) => {
    const { routing, ofToken } = routingOf(tokens);
    const x = seededNormal(tokens * width, 1);
    const w = seededNormal(EXPERTS * size * width, 2);
    const b = seededNormal(EXPERTS * size, 3);
    const given = [uploadTensor(x, [tokens, width]), uploadTensor(w, [EXPERTS * size, width])];
    const bias = uploadTensor(b, [EXPERTS * size]);
    const y = expertRowsProduct(given[0], given[1], bias, routing, size, 'relu');
    const expected = ofToken.flatMap((expert, token) =>
      Array.from({ length: size }, (_, neuron) => {
        const row = expert * size + neuron;
        const product = dot(
          width,
          (index) => x[token * width + index],
          (index) => w[row * width + index],
        );
        return Math.max(0, product + b[row]);
      }),
    );
    expectAllClose(await readFloats(y), expected, { absolute: 1e-6 * Math.sqrt(width) });
    tf.dispose([...given, bias, y, ...Object.values(routing)]);
  });

  test.each(SIZES)('%i tokens back to width %i by the %i columns of them', async (tokens, width, size) => {
    const { routing, ofToken } = routingOf(tokens);
    const x = seededNormal(tokens * size, 1);
    const w = seededNormal(EXPERTS * size * width, 2);
    const [b, r] = [seededNormal(width, 3), seededNormal(tokens * width, 4)];
    const given = uploadTensor(x, [tokens, size]);
    const weight = uploadTensor(w, [width, EXPERTS * size]);
    const bias = uploadTensor(b, [width]);
    const residual = uploadTensor(r, [tokens, width]);
    const y = expertColumnsProduct(given, weight, routing, { bias, residual });
    const expected = ofToken.flatMap((expert, token) =>
      Array.from({ length: width }, (_, output) => {
        const start = output * EXPERTS * size + expert * size;
        const product = dot(
          size,
          (index) => x[token * size + index],
          (index) => w[start + index],
        );
        return product + b[output] + r[token * width + output];
      }),
    );
    expectAllClose(await readFloats(y), expected, { absolute: 1e-6 * Math.sqrt(size) });
    tf.dispose([given, weight, bias, residual, y, ...Object.values(routing)]);
  });

  test('the expert of each id, and what it computed alone', async () => {
    const { routing, ofToken } = routingOf(5);
    const experts = lookUpIds(routing.ids, routing.experts);
    expect([...new Int32Array(await readTensorBytes(experts))]).toEqual(ofToken);
    const values = seededNormal(5 * 9, 1);
    const x = uploadTensor(values, [5, 9]);
    const y = ownExpertColumns(x, experts, 3);
    const expected = values.map((value, index) =>
      Math.floor((index % 9) / 3) === ofToken[Math.floor(index / 9)] ? value : 0,
    );
    expect(await readFloats(y)).toEqual(expected);
    tf.dispose([experts, x, y, ...Object.values(routing)]);
  });
});
