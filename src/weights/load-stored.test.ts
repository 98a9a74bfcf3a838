import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../engines/webgpu/node-gpu';
import { seededNormal } from '../testing/allclose';
import { DenseWeight } from './formats/dense-weight';
import type { LinearWeight } from './linear-weight';
import { NOfMWeight } from './formats/n-of-m-weight';
import { QuantizedWeight } from './formats/quantized-weight';
import { SparseWeight } from './formats/sparse-weight';
import { StructuredWeight } from './formats/structured-weight';
import { loadWeight } from './formats';

beforeAll(() => openNodeGpu());

const shape = [6, 12] as const;
const half = seededNormal(72, 1).map((value, index) => (index % 4 < 2 ? value : 0));

const dense = () => DenseWeight.fromValues(half, shape);
const sparse = () => SparseWeight.fromDense(half, shape);
const twoOfFour = () => NOfMWeight.fromDense(half, shape, 2, 4);
const asymmetric = () =>
  QuantizedWeight.fromValues(half, shape, { bits: 8, strategy: 'group', groupSize: 4, symmetric: false });
const rows = () =>
  StructuredWeight.fromKept(
    'rows',
    Uint32Array.of(0, 2, 5),
    shape,
    DenseWeight.fromValues(half.subarray(0, 36), [3, 12]),
  );

type Words = Uint32Array<ArrayBuffer>;
type Damage = (tensors: Map<string, Words>, attributes: Record<string, unknown>) => void;

const change = (suffix: string, index: number, value: number): Damage => {
  return (tensors) => {
    tensors.get(suffix)![index] = value;
  };
};
const shorten = (suffix: string): Damage => {
  return (tensors) => tensors.set(suffix, tensors.get(suffix)!.slice(1));
};
const describe = (key: string, value: unknown): Damage => {
  return (_, attributes) => {
    attributes[key] = value;
  };
};
const values = { bits: 8, symmetric: false, perTensor: false, groupSize: 4 };

const CASES: [what: string, make: () => LinearWeight, damage: Damage, message: string][] = [
  ['dense values too short', dense, shorten('weight'), 'its tensor weight has 284 bytes where 288'],
  ['mask too short', sparse, shorten('mask'), 'its tensor mask has 20 bytes where 24 were expected'],
  ['mask past its columns', sparse, change('mask', 1, 0xfff3), 'bits set beyond its 12 columns'],
  ['a bit more in the mask', sparse, change('mask', 5, 0x333 | 4), 'its tensor values has 144 bytes'],
  ['a bit more in an early row', sparse, change('mask', 0, 0x333 | 4), 'first_slots does not count the bits'],
  ['first slots off', sparse, change('first_slots', 2, 9), 'first_slots does not count the bits'],
  ['values too short', sparse, shorten('values'), 'its tensor values has 140 bytes where 144 were expected'],
  ['codes too short', asymmetric, shorten('codes'), 'its tensor codes has 68 bytes where 72 were expected'],
  [
    'scales too short',
    asymmetric,
    shorten('scales'),
    'its tensor scales has 68 bytes where 72 were expected',
  ],
  ['zero points too short', asymmetric, shorten('zero_points'), 'its tensor zero_points has 16 bytes'],
  ['values not described', asymmetric, describe('values', undefined), 'described by undefined'],
  ['unknown bits', asymmetric, describe('values', { ...values, bits: 5 }), 'described by {"bits":5'],
  ['groups that do not fit', asymmetric, describe('values', { ...values, groupSize: 5 }), '"groupSize":5}'],
  ['symmetry not said', asymmetric, describe('values', { ...values, symmetric: null }), '"symmetric":null'],
  ['indices too short', twoOfFour, shorten('indices'), 'its tensor indices has 8 bytes where 12 were'],
  ['an index twice', twoOfFour, change('indices', 0, 0), 'does not name 2 different places of 4 in order'],
  ['more kept than there are', twoOfFour, describe('kept', 5), 'its pattern of 5 of 4 is not one'],
  ['a pattern of nothing', twoOfFour, describe('groupSize', 0), 'its pattern of 2 of 0 is not one'],
  ['a pattern that does not fit', twoOfFour, describe('groupSize', 5), '2 of 5 does not fit its width of 12'],
  ['an unknown axis', rows, describe('axis', 'depth'), 'its axis is "depth" where "rows" or "columns"'],
  ['the other axis', rows, describe('axis', 'columns'), 'what it keeps is 3×12 of 6×12'],
  ['a row past the end', rows, change('kept_indices', 2, 6), 'not an ascending list of numbers below 6'],
  ['a row twice', rows, change('kept_indices', 1, 0), 'not an ascending list of numbers below 6'],
  ['too few rows', rows, shorten('kept_indices'), 'its tensor kept_indices has 8 bytes where 12'],
  ['the smaller matrix not described', rows, describe('factors', {}), 'its factor kept is not described'],
];

test.each(CASES)('%s: refused in words, nothing left on the GPU', async (_, make, damage, message) => {
  const weight = make();
  const tensors = new Map<string, Words>();
  for (const tensor of weight.stored())
    tensors.set(tensor.suffix, new Uint32Array((await tensor.read()).slice().buffer));
  const attributes = JSON.parse(JSON.stringify(weight.attributes())) as Record<string, unknown>;
  const { format } = weight;
  weight.dispose();
  damage(tensors, attributes);
  const loading = loadWeight(format, shape, attributes, async (suffix) => {
    const words = tensors.get(suffix)!;
    return { bytes: new Uint8Array(words.buffer), shape: [words.length], dtype: 'U32' };
  });
  await expect(loading).rejects.toThrow(message);
});

test('a format that is not known', async () => {
  const loading = loadWeight('wavelet', shape, {}, () => Promise.reject(new Error('not reached')));
  await expect(loading).rejects.toThrow('the format "wavelet" is not known; there are dense, quantized, ');
});
