import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { record } from '../../engines/webgpu/recording';
import { uploadTensor } from '../../engines/webgpu/transfer';
import { seededNormal } from '../../testing/allclose';
import { describeOnEachDevice } from '../../testing/each-device';
import {
  expectEpilogue,
  expectProduct,
  expectRows,
  normalFactor,
  reload,
} from '../../testing/factorized-weight';
import { KroneckerWeight } from './kronecker-weight';
import { PermutedWeight } from './permuted-weight';
import { QuantizedWeight } from './quantized-weight';

type Orders = [rows: Uint32Array | undefined, columns: Uint32Array | undefined];

const shuffled = (length: number) => Uint32Array.from({ length }, (_, index) => (index * 5 + 2) % length);

/** 21×26 matrix, a sum of two Kronecker products. */
const kronecker = () => new KroneckerWeight(normalFactor(7, 26, 1), normalFactor(6, 2, 2), 2);

const ORDERS: [string, Orders][] = [
  ['rows and columns', [shuffled(21), shuffled(26)]],
  ['rows', [shuffled(21), undefined]],
  ['columns', [undefined, shuffled(26)]],
];

/** Definition: W[rowOrder[i], columnOrder[j]] = inner[i, j]. */
async function byDefinition([rowOrder, columnOrder]: Orders): Promise<Float32Array> {
  const inner = kronecker();
  const values = await inner.dense();
  inner.dispose();
  const result = new Float32Array(values.length);
  values.forEach((value, index) => {
    const [i, j] = [Math.floor(index / 26), index % 26];
    result[(rowOrder?.[i] ?? i) * 26 + (columnOrder?.[j] ?? j)] = value;
  });
  return result;
}

describeOnEachDevice(() => {
  test.each(ORDERS)('%s', async (_, orders) => {
    const weight = PermutedWeight.fromOrders(kronecker(), ...orders);
    const expected = await byDefinition(orders);
    expect(await weight.dense()).toEqual(expected);
    for (const tokens of [1, 5, 33]) await expectProduct(weight, expected, tokens);
    await expectRows(weight, expected, [20, 0, 3, 3]);
    weight.dispose();
  });
});

describe.each(ORDERS)('%s', (_, orders) => {
  beforeAll(() => openNodeGpu());

  test('bias, activation and residual reach the rows of W', async () => {
    const weight = PermutedWeight.fromOrders(kronecker(), ...orders);
    const expected = await byDefinition(orders);
    for (const tokens of [1, 7]) await expectEpilogue(weight, expected, tokens);
    weight.dispose();
  });

  test('is stored in 16 bits an entry, and loaded and cloned to the same', async () => {
    const weight = PermutedWeight.fromOrders(kronecker(), ...orders);
    const words = (orders[0] ? 11 : 0) + (orders[1] ? 13 : 0);
    expect(weight.parameters).toBe(7 * 26 + 6 * 2);
    expect(weight.storedBytes).toBe(4 * (weight.parameters + words));
    expect(weight.stored().reduce((sum, { byteLength }) => sum + byteLength, 0)).toBe(weight.storedBytes);
    const loaded = await reload(weight);
    const clone = weight.clone();
    const expected = await byDefinition(orders);
    weight.dispose();
    expect(loaded.attributes()).toEqual(clone.attributes());
    for (const each of [loaded, clone]) {
      expect(await each.dense()).toEqual(expected);
      await expectProduct(each, expected, 5);
      each.dispose();
    }
  });

  test('rows and products can be recorded', () => {
    const weight = PermutedWeight.fromOrders(kronecker(), ...orders);
    const x = uploadTensor(seededNormal(26, 1), [1, 26]);
    const ids = uploadTensor(Int32Array.of(3), [1]);
    for (const work of [() => weight.matmul(x), () => weight.rows(ids)]) {
      const { result, recording } = record(work);
      expect(recording.isComplete).toBe(true);
      recording.dispose();
      result.dispose();
    }
    tf.dispose([x, ids]);
    weight.dispose();
  });
});

describe('its inner matrix', () => {
  beforeAll(() => openNodeGpu());

  test('may be replaced by quantized factors', async () => {
    const weight = PermutedWeight.fromOrders(kronecker(), ...ORDERS[0][1]);
    const inner = weight.factors[0].weight as KroneckerWeight;
    const scheme = { bits: 8, strategy: 'channel', symmetric: true } as const;
    const factors = await Promise.all(
      inner.factors.map(async ({ weight: factor }) =>
        QuantizedWeight.fromValues(await factor.dense(), factor.shape, scheme),
      ),
    );
    const quantized = weight.withFactors([inner.withFactors(factors)]);
    weight.dispose();
    const expected = await quantized.dense();
    for (const tokens of [1, 5]) await expectProduct(quantized, expected, tokens);
    const loaded = await reload(quantized);
    expect(await loaded.dense()).toEqual(expected);
    loaded.dispose();
    quantized.dispose();
  });

  test('of a file that does not fit is refused and leaves nothing behind', async () => {
    const weight = PermutedWeight.fromOrders(kronecker(), ...ORDERS[0][1]);
    await expect(reload(weight, (attributes) => ({ ...attributes, permutes: ['layers'] }))).rejects.toThrow(
      'it permutes ["layers"] where "rows" and "columns" were expected',
    );
    await expect(reload(weight, undefined, [26, 21])).rejects.toThrow('what it permutes is 21×26, not 26×21');
    await expect(reload(weight, ({ permutes }) => ({ permutes }))).rejects.toThrow(
      'factor inner is not described',
    );
    weight.dispose();
    const twice = PermutedWeight.fromOrders(kronecker(), undefined, new Uint32Array(26).fill(1));
    await expect(reload(twice)).rejects.toThrow('its tensor column_order is no permutation of 26 numbers');
    twice.dispose();
  });
});
