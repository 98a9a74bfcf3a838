import { beforeAll, describe, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { expectAllClose, seededNormal, seededRandom } from '../../testing/allclose';
import { describeOnEachProductDevice } from '../../testing/each-device';
import { expectEpilogue, expectProduct, expectRows, reload } from '../../testing/factorized-weight';
import { DenseWeight } from './dense-weight';
import { ProductQuantizedWeight } from './product-quantized-weight';
import { QuantizedWeight } from './quantized-weight';

type Shape = readonly [number, number];

/** Random entries and the matrix built from them weight by weight. */
function productQuantized([outputs, inputs]: Shape, [entries, blockSize]: Shape) {
  const codebook = seededNormal(entries * blockSize, 1);
  const random = seededRandom(2);
  const across = inputs / blockSize;
  const indices = Int32Array.from({ length: outputs * across }, () => Math.floor(random() * entries));
  const expected = Float32Array.from({ length: outputs * inputs }, (_, at) => {
    const [row, column] = [Math.floor(at / inputs), at % inputs];
    const entry = indices[row * across + Math.floor(column / blockSize)];
    return codebook[entry * blockSize + (column % blockSize)];
  });
  const dense = DenseWeight.fromValues(codebook, [entries, blockSize]);
  return { weight: ProductQuantizedWeight.fromIndices(indices, [outputs, inputs], dense), expected };
}

/** Indices of 4, 8 and 16 bits, in whole words or not, entry lengths that are multiples of four or not, odd widths. */
const CASES: [Shape, Shape][] = [
  [
    [48, 64],
    [256, 8],
  ],
  [
    [37, 64],
    [16, 4],
  ],
  [
    [30, 72],
    [200, 8],
  ],
  [
    [19, 96],
    [300, 16],
  ],
  [
    [29, 33],
    [20, 3],
  ],
  [
    [70, 36],
    [9, 6],
  ],
  [
    [5, 7],
    [3, 1],
  ],
  [
    [300, 64],
    [12, 8],
  ],
  // More rows than entries: few tokens use lookup tables, with indices in whole words or not.
  [
    [64, 72],
    [40, 8],
  ],
  [
    [310, 24],
    [300, 8],
  ],
];

describeOnEachProductDevice(() => {
  test.each(CASES)('products of %j by a codebook of %j', async (shape, codebook) => {
    const { weight, expected } = productQuantized(shape, codebook);
    for (const tokens of [1, 3, 5, 33]) await expectProduct(weight, expected, tokens);
    weight.dispose();
  });

  test.each([30, 256])('bias, activation and residual with %i entries', async (entries) => {
    const [outputs, inputs] = [40, 64];
    const { weight, expected } = productQuantized([outputs, inputs], [entries, 8]);
    for (const tokens of [1, 33])
      await expectEpilogue(weight, expected, tokens, { absolute: 1e-4, relative: 1e-5 });
    weight.dispose();
  });
});

describe('on the device as it is', () => {
  beforeAll(() => openNodeGpu());

  test.each(CASES)('%j by a codebook of %j: dense format, rows, clone, file', async (shape, codebook) => {
    const { weight, expected } = productQuantized(shape, codebook);
    expectAllClose(await weight.dense(), expected, { absolute: 0, relative: 0 });
    await expectRows(weight, expected, [shape[0] - 1, 0, 3, 3]);
    const copy = weight.clone();
    weight.dispose();
    const loaded = await reload(copy);
    copy.dispose();
    expectAllClose(await loaded.dense(), expected, { absolute: 0, relative: 0 });
    await expectProduct(loaded, expected, 5);
    loaded.dispose();
  });

  test('the codebook may be quantized: products are those of its codes', async () => {
    const { weight } = productQuantized([48, 64], [200, 8]);
    const values = await weight.factors[0].weight.dense();
    const codes = QuantizedWeight.fromValues(values, [200, 8], {
      bits: 8,
      strategy: 'tensor',
      symmetric: true,
    });
    const both = weight.withFactors([codes]);
    expect(both.storedBytes).toBe(48 * 8 + 200 * 8 + 4);
    weight.dispose();
    const dense = await both.dense();
    for (const tokens of [1, 18]) await expectProduct(both, dense, tokens);
    const loaded = await reload(both);
    both.dispose();
    expectAllClose(await loaded.dense(), dense, { absolute: 0, relative: 0 });
    loaded.dispose();
  });

  test('what does not fit is refused', async () => {
    const codebook = DenseWeight.fromValues(seededNormal(12, 1), [3, 4]);
    expect(() => ProductQuantizedWeight.fromIndices([0, 1, 2, 3], [2, 8], codebook)).toThrow(
      'index 3 has no entry among 3',
    );
    codebook.dispose();
    const { weight } = productQuantized([6, 16], [9, 8]);
    await expect(reload(weight, (attributes) => attributes, [6, 12])).rejects.toThrow(
      'entries of 8 values, which do not divide 12 columns',
    );
    await expect(reload(weight, (attributes) => attributes, [6, 80])).rejects.toThrow('indices has 24 bytes');
    weight.dispose();
  });
});
