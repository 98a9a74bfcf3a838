import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { closeGpu } from '../../engines/webgpu/device';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { expectAllClose } from '../../testing/allclose';
import { expectProduct, expectRows, normalFactor, reload } from '../../testing/factorized-weight';
import { kroneckerCost, type KroneckerShape } from '../contraction-cost';
import { DenseWeight } from './dense-weight';
import { KroneckerWeight } from './kronecker-weight';
import { QuantizedWeight } from './quantized-weight';
import { SparseWeight } from './sparse-weight';

function make({ terms, aRows, aColumns, bRows, bColumns }: KroneckerShape): KroneckerWeight {
  return new KroneckerWeight(
    normalFactor(aRows, terms * aColumns, 1),
    normalFactor(terms * bRows, bColumns, 2),
    terms,
  );
}

/** Definition, entry by entry: W[i·bRows + p, j·bColumns + q] = Σ_k A_k[i, j]·B_k[p, q]. */
async function byDefinition(weight: KroneckerWeight): Promise<Float64Array> {
  const { terms, aColumns, bRows, bColumns } = weight;
  const [a, b] = await Promise.all(weight.factors.map((factor) => factor.weight.dense()));
  const [outputs, inputs] = weight.shape;
  return Float64Array.from({ length: outputs * inputs }, (_, index) => {
    const [row, column] = [Math.floor(index / inputs), index % inputs];
    const [i, p, j, q] = [
      Math.floor(row / bRows),
      row % bRows,
      Math.floor(column / bColumns),
      column % bColumns,
    ];
    let sum = 0;
    for (let k = 0; k < terms; k++)
      sum += a[(i * terms + k) * aColumns + j] * b[(k * bRows + p) * bColumns + q];
    return sum;
  });
}

const SHAPES: KroneckerShape[] = [
  { terms: 1, aRows: 6, aColumns: 5, bRows: 2, bColumns: 1 },
  { terms: 3, aRows: 6, aColumns: 4, bRows: 5, bColumns: 7 },
  { terms: 3, aRows: 2, aColumns: 6, bRows: 7, bColumns: 3 },
  { terms: 5, aRows: 7, aColumns: 3, bRows: 2, bColumns: 9 },
  { terms: 32, aRows: 12, aColumns: 12, bRows: 16, bColumns: 16 },
];

test('the shapes of these tests cover both orders', () => {
  const cheaper = SHAPES.map((shape) =>
    kroneckerCost(shape, 'a').multiplications < kroneckerCost(shape, 'b').multiplications ? 'a' : 'b',
  );
  expect(new Set(cheaper)).toEqual(new Set(['a', 'b']));
});

describe.each([
  ['one binding', undefined],
  // Only a few tokens at once.
  ['stretches of tokens', 32_768],
])('Kronecker, %s', (_, maxBindingBytes) => {
  beforeEach(() => openNodeGpu({ maxBindingBytes }));
  afterEach(() => closeGpu());

  describe.each(SHAPES)('%j', (shape) => {
    test('is what the definition says', async () => {
      const weight = make(shape);
      const expected = await byDefinition(weight);
      expectAllClose(await weight.dense(), expected, { absolute: 1e-6, relative: 1e-6 });
      for (const tokens of [1, 2, 13]) await expectProduct(weight, expected, tokens);
      await expectRows(weight, expected, [weight.shape[0] - 1, 0, shape.bRows, shape.bRows - 1, 0]);
      weight.dispose();
    });

    test('with quantized and with sparse factors', async () => {
      const plain = make(shape);
      const [a, b] = await Promise.all(plain.factors.map((factor) => factor.weight.dense()));
      const [aShape, bShape] = plain.factors.map((factor) => factor.weight.shape);
      plain.dispose();
      const scheme = { bits: 8, strategy: 'channel', symmetric: true } as const;
      const sparse = b.map((value) => (Math.abs(value) < 0.5 ? 0 : value));
      const weight = new KroneckerWeight(
        QuantizedWeight.fromValues(a, aShape, scheme),
        SparseWeight.fromDense(sparse, bShape),
        shape.terms,
      );
      const expected = await byDefinition(weight);
      for (const tokens of [1, 13]) await expectProduct(weight, expected, tokens);
      await expectRows(weight, expected, [0, weight.shape[0] - 1, shape.bRows]);
      weight.dispose();
    });
  });
});

describe('Kronecker weights', () => {
  beforeEach(() => openNodeGpu());
  afterEach(() => closeGpu());

  test('the identity of 2 in front of B is B twice along the diagonal', async () => {
    const identity = DenseWeight.fromValues(Float32Array.of(1, 0, 0, 1), [2, 2]);
    const b = DenseWeight.fromValues(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
    const weight = new KroneckerWeight(identity, b, 1);
    expect([...(await weight.dense())]).toEqual([
      1, 2, 3, 0, 0, 0, 4, 5, 6, 0, 0, 0, 0, 0, 0, 1, 2, 3, 0, 0, 0, 4, 5, 6,
    ]);
    weight.dispose();
  });

  test('counts its factors and nothing else', () => {
    const weight = make(SHAPES[4]);
    expect(weight.shape).toEqual([192, 192]);
    expect(weight.parameters).toBe(32 * (144 + 256));
    expect(weight.storedBytes).toBe(4 * weight.parameters);
    weight.dispose();
  });

  test('thousands of tokens of many rows each, past one dimension of workgroups', async () => {
    const weight = make({ terms: 1, aRows: 2, aColumns: 2, bRows: 2, bColumns: 2 });
    await expectProduct(weight, await byDefinition(weight), 70_001);
    weight.dispose();
  });

  test('files that do not fit are refused and leave nothing behind', async () => {
    const weight = make(SHAPES[1]);
    await expect(reload(weight, (attributes) => ({ ...attributes, terms: 5 }))).rejects.toThrow(
      'do not hold 5 terms',
    );
    await expect(reload(weight, ({ factors }) => ({ factors }))).rejects.toThrow('do not hold NaN terms');
    await expect(reload(weight, (attributes) => ({ ...attributes, terms: 0 }))).rejects.toThrow(
      'do not hold 0 terms',
    );
    await expect(reload(weight, undefined, [28, 30])).rejects.toThrow(
      'its factors multiply to 30×28, not to 28×30',
    );
    await expect(reload(weight, ({ terms }) => ({ terms }))).rejects.toThrow('factor a is not described');
    weight.dispose();
  });
});
