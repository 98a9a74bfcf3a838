import { beforeAll, describe, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { seededNormal } from '../../testing/allclose';
import { describeOnEachDevice } from '../../testing/each-device';
import { expectProduct, expectRows, normalFactor, reload } from '../../testing/factorized-weight';
import { BlockSparseWeight } from './block-sparse-weight';
import { DenseWeight } from './dense-weight';
import { EntropyCodedWeight } from './entropy-coded-weight';
import { decodeSecondsOf, gpuBytesOf } from '../gpu-bytes';
import type { LinearWeight } from '../linear-weight';
import { LowRankWeight } from './low-rank-weight';
import { NOfMWeight } from './n-of-m-weight';
import { PermutedWeight } from './permuted-weight';
import { type QuantizationScheme } from '../quantization';
import { QuantizedWeight } from './quantized-weight';
import { SparseWeight } from './sparse-weight';

type Shape = readonly [number, number];

const SHAPE: Shape = [48, 52];
const GROUPS: QuantizationScheme = { bits: 4, strategy: 'group', groupSize: 13, symmetric: false };

/** Few large values among many small ones, as in trained weights. */
function values([rows, columns]: Shape = SHAPE): Float32Array {
  return seededNormal(rows * columns, 5).map((value) => value * value * value);
}

function sparse(keep: (index: number) => boolean): Float32Array {
  return values().map((value, index) => (keep(index) ? value : 0));
}

function quantized(bits: 8 | 4 | 3 | 2, shape: Shape = SHAPE): QuantizedWeight {
  return QuantizedWeight.fromValues(values(shape), shape, { bits, strategy: 'channel', symmetric: true });
}

const FORMATS: Readonly<Record<string, () => LinearWeight | Promise<LinearWeight>>> = {
  dense: () => DenseWeight.fromValues(values(), SHAPE),
  'int8 by row': () => quantized(8),
  'int4 by groups with zero points': () => QuantizedWeight.fromValues(values(), SHAPE, GROUPS),
  'int3 of odd width': () => quantized(3, [33, 37]),
  'int2 of odd width': () => quantized(2, [61, 31]),
  sparse: () =>
    SparseWeight.fromDense(
      sparse((index) => index % 3 === 0),
      SHAPE,
    ),
  '1 of 4': () =>
    NOfMWeight.fromDense(
      sparse((index) => index % 4 === 1),
      SHAPE,
      1,
      4,
    ),
  'blocks in int8': async () => {
    const kept = Array.from({ length: 12 * 13 }, (_, index) => index % 5 < 2);
    const blocks = BlockSparseWeight.fromKept(values(), SHAPE, [4, 4], kept);
    const inner = await blocks.quantizeStored({ bits: 8, strategy: 'tensor', symmetric: true });
    blocks.dispose();
    return inner;
  },
  'quantized factors': () => new LowRankWeight(quantized(8, [48, 24]), quantized(8, [24, 52])),
};

async function coded(form: string, coder: 'rans' | 'huffman' = 'rans'): Promise<EntropyCodedWeight> {
  return EntropyCodedWeight.fromInner(await FORMATS[form](), coder);
}

describeOnEachDevice(() => {
  test.each(['int8 by row', 'quantized factors'])('%s multiplies as it does without', async (form) => {
    const weight = await coded(form);
    const expected = await weight.uncoded.dense();
    expect(await weight.dense()).toEqual(expected);
    for (const tokens of [1, 5, 33]) await expectProduct(weight, expected, tokens);
    await expectRows(weight, expected, [20, 0, 3, 3]);
    weight.dispose();
  });
});

describe('coding', () => {
  beforeAll(() => openNodeGpu());

  test.each(Object.keys(FORMATS).flatMap((form) => [[form, 'rans'] as const, [form, 'huffman'] as const]))(
    '%s by %s is stored in fewer bytes and loads bit for bit',
    async (form, coder) => {
      const weight = await coded(form, coder);
      const inner = weight.uncoded;
      expect(weight.storedBytes).toBeLessThan(inner.storedBytes);
      expect(weight.stored().reduce((sum, { byteLength }) => sum + byteLength, 0)).toBe(weight.storedBytes);
      for (const tensor of weight.stored()) expect((await tensor.read()).length).toBe(tensor.byteLength);
      expect(weight.parameters).toBe(inner.parameters);
      const loaded = (await reload(weight)) as EntropyCodedWeight;
      const expected = await bytesOf(inner);
      const clone = weight.clone();
      weight.dispose();
      for (const copy of [loaded, clone]) {
        expect(await bytesOf(copy.uncoded)).toEqual(expected);
        expect(copy.attributes()).toEqual(clone.attributes());
        expect(copy.storedBytes).toBe(clone.storedBytes);
        copy.dispose();
      }
    },
  );

  test('small tensors stay as they are, under their own names', async () => {
    const weight = await EntropyCodedWeight.fromInner(quantized(8, [4, 8]), 'rans');
    expect(weight.stored().map(({ suffix, dtype }) => [suffix, dtype])).toEqual([
      ['inner.codes', 'U32'],
      ['inner.scales', 'F32'],
    ]);
    expect(weight.storedBytes).toBe(weight.uncoded.storedBytes);
    const loaded = await reload(weight);
    expect(await loaded.dense()).toEqual(await weight.dense());
    loaded.dispose();
    weight.dispose();
  });

  test('another factor is coded by the same coder', async () => {
    const weight = await coded('dense', 'huffman');
    const other = await weight.withFactors([quantized(4)]);
    expect(other.attributes()).toMatchObject({
      coder: 'huffman',
      factors: { inner: { form: 'quantized' } },
    });
    expect(other.storedBytes).toBeLessThan(other.uncoded.storedBytes);
    weight.dispose();
    other.dispose();
  });

  test('on the GPU it takes what its inner format takes, as a factor too', async () => {
    const weight = await coded('int8 by row');
    const { storedBytes } = weight.uncoded;
    expect(weight.storedBytes).toBeLessThan(storedBytes);
    expect(gpuBytesOf(weight)).toBe(storedBytes);
    const order = Uint32Array.from({ length: 48 }, (_, index) => 47 - index);
    const permuted = PermutedWeight.fromOrders(weight, order, undefined);
    expect(gpuBytesOf(permuted)).toBe(storedBytes + 4 * 24);
    expect(decodeSecondsOf(permuted)).toBe(weight.decodeSeconds);
    permuted.dispose();
  });

  test('what has no coded part took no time to decode', () => {
    const weight = new LowRankWeight(normalFactor(5, 3, 1), normalFactor(3, 7, 2));
    expect(decodeSecondsOf(weight)).toBeUndefined();
    expect(gpuBytesOf(weight)).toBe(weight.storedBytes);
    weight.dispose();
  });

  test('stops when cancelled, and leaves the inner weight to the caller', async () => {
    const inner = DenseWeight.fromValues(seededNormal(1 << 21, 1), [1 << 10, 1 << 11]);
    const signal = AbortSignal.abort(new Error('cancelled'));
    await expect(EntropyCodedWeight.fromInner(inner, 'rans', { signal })).rejects.toThrow('cancelled');
    inner.dispose();
  });
});

describe('a damaged file', () => {
  beforeAll(() => openNodeGpu());

  async function expectRefused(
    change: (attributes: Record<string, unknown>) => Record<string, unknown>,
    message: string,
    shape: Shape = SHAPE,
  ): Promise<void> {
    const weight = await coded('int8 by row');
    await expect(reload(weight, change, shape)).rejects.toThrow(message);
    weight.dispose();
  }

  test('of another coder', () =>
    expectRefused((attributes) => ({ ...attributes, coder: 'zip' }), 'its coder is "zip" where "rans"'));

  test('of another shape', () =>
    expectRefused((attributes) => attributes, 'what is coded is 48×52, not 52×48', [52, 48]));

  test('whose coded tensor has another length', () =>
    expectRefused(
      (attributes) => ({ ...attributes, coded: { 'inner.codes': { dtype: 'U32', shape: [1000] } } }),
      'its tensor inner.codes cannot be decoded: 2496 bytes were coded where 4000 were expected',
    ));

  test.each([
    { dtype: 'U32', shape: [-1] },
    { dtype: 'U32', shape: [2 ** 31, 4] },
    { dtype: 'F31', shape: [624] },
    { dtype: 'U32' },
    null,
  ])('whose coded tensor is described by %j', (kind) =>
    expectRefused(
      (attributes) => ({ ...attributes, coded: { 'inner.codes': kind } }),
      'its coded tensor inner.codes is described by',
    ),
  );
});

async function bytesOf(weight: LinearWeight): Promise<Buffer[]> {
  return Promise.all(weight.stored().map(async ({ read }) => Buffer.from(await read())));
}
