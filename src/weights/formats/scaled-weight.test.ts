import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { expectAllClose, seededNormal } from '../../testing/allclose';
import {
  expectEpilogue,
  expectProduct,
  expectRows,
  normalFactor,
  reload,
} from '../../testing/factorized-weight';
import type { LinearWeight } from '../linear-weight';
import { LowRankWeight } from './low-rank-weight';
import { QuantizedWeight } from './quantized-weight';
import { ScaledWeight } from './scaled-weight';
import { SparseWeight } from './sparse-weight';

beforeAll(() => openNodeGpu());

const TOKENS = [1, 5, 33];

const scalesOf = (width: number) => seededNormal(width, 8).map((value) => Math.exp(value));

const INNER: [string, () => LinearWeight][] = [
  ['dense', () => normalFactor(29, 37, 1)],
  [
    '4 bits in groups',
    () =>
      QuantizedWeight.fromValues(seededNormal(40 * 64, 1), [40, 64], {
        bits: 4,
        strategy: 'group',
        groupSize: 32,
        symmetric: false,
      }),
  ],
  [
    'sparse',
    () =>
      SparseWeight.fromDense(
        seededNormal(23 * 50, 1).map((value) => (value > 0 ? value : 0)),
        [23, 50],
      ),
  ],
  ['low rank', () => new LowRankWeight(normalFactor(31, 5, 1), normalFactor(5, 26, 2))],
];

async function byDefinition(inner: LinearWeight, scales: Float32Array): Promise<Float64Array> {
  return Float64Array.from(await inner.dense(), (value, index) => value * scales[index % scales.length]);
}

test.each(INNER)('%s behind scales', async (_, make) => {
  const inner = make();
  const [outputs, inputs] = inner.shape;
  const scales = scalesOf(inputs);
  const expected = await byDefinition(inner, scales);
  const weight = ScaledWeight.fromScales(scales, inner);
  expect(weight.shape).toEqual([outputs, inputs]);
  expect(weight.parameters).toBe(inner.parameters);
  expect(weight.storedBytes).toBe(inner.storedBytes + 4 * inputs);
  expect(weight.storedBytes).toBe(weight.stored().reduce((sum, { byteLength }) => sum + byteLength, 0));
  const copy = weight.clone();
  const loaded = await reload(weight);
  weight.dispose();
  for (const each of [copy, loaded]) {
    expectAllClose(await each.dense(), expected, { absolute: 0, relative: 1e-7 });
    for (const tokens of TOKENS) await expectProduct(each, expected, tokens);
    await expectRows(each, expected, [outputs - 1, 0, 3, 3]);
    each.dispose();
  }
});

test('bias, activation and residual come after the scales', async () => {
  const inner = normalFactor(12, 20, 1);
  const scales = scalesOf(20);
  const expected = await byDefinition(inner, scales);
  const weight = ScaledWeight.fromScales(scales, inner);
  await expectEpilogue(weight, expected, 3, { absolute: 2e-5, relative: 1e-5 });
  weight.dispose();
});

test('another inner matrix keeps the scales', async () => {
  const scales = scalesOf(9);
  const weight = ScaledWeight.fromScales(scales, normalFactor(6, 9, 1));
  const other = normalFactor(6, 9, 2);
  const expected = await byDefinition(other, scales);
  const changed = weight.withFactors([other]);
  weight.dispose();
  expectAllClose(await changed.dense(), expected, { absolute: 0, relative: 1e-7 });
  changed.dispose();
});

test('files that do not fit are refused and leave nothing behind', async () => {
  const weight = ScaledWeight.fromScales(scalesOf(7), normalFactor(5, 7, 1));
  await expect(reload(weight, undefined, [7, 5])).rejects.toThrow('behind its scales is 5×7, not 7×5');
  await expect(reload(weight, () => ({}))).rejects.toThrow('factor inner is not described');
  const narrow = ScaledWeight.fromScales(scalesOf(6), normalFactor(5, 7, 1));
  await expect(reload(narrow)).rejects.toThrow('its tensor input_scales has 24 bytes where 28 were expected');
  weight.dispose();
  narrow.dispose();
});
