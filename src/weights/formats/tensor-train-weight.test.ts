import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { closeGpu } from '../../engines/webgpu/device';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { matrixFrom } from '../../linalg/matrix';
import { type TensorTrainCore, tensorTrainSvd } from '../../linalg/tensor-train';
import { expectAllClose, seededNormal } from '../../testing/allclose';
import { expectProduct, expectRows, reload } from '../../testing/factorized-weight';
import { type CoreShape, tensorTrainCost } from '../contraction-cost';
import { QuantizedWeight } from './quantized-weight';
import { TensorTrainWeight } from './tensor-train-weight';

interface Sizes {
  readonly rows: number[];
  readonly columns: number[];
  readonly ranks: number[];
}

const SIZES: Sizes[] = [
  { rows: [6], columns: [10], ranks: [] },
  { rows: [2, 3, 5], columns: [3, 4, 2], ranks: [4, 3] },
  { rows: [5, 1, 3, 2], columns: [2, 4, 1, 3], ranks: [7, 9, 4] },
  { rows: [2, 4], columns: [16, 4], ranks: [3] },
  { rows: [4, 2], columns: [4, 16], ranks: [3] },
  { rows: [8, 8, 12], columns: [4, 6, 8], ranks: [16, 8] },
];

function coreShapes({ rows, columns, ranks }: Sizes): CoreShape[] {
  return rows.map((row, index) => ({
    left: ranks[index - 1] ?? 1,
    row,
    column: columns[index],
    right: ranks[index] ?? 1,
  }));
}

function cores(sizes: Sizes): TensorTrainCore[] {
  return coreShapes(sizes).map(({ left, row, column, right }, index) => {
    const count = left * row * column * right;
    // Float32, as read back from the GPU; scaled so that the product stays about 1.
    const values = seededNormal(count, index + 1).map((value) => value / Math.sqrt(left));
    return { values: Float64Array.from(values), shape: [left, row, column, right] };
  });
}

/** Definition, a product of matrices for each entry: W[(i1 … id), (j1 … jd)] = G1[i1, j1] · … · Gd[id, jd]. */
function byDefinition(train: readonly TensorTrainCore[], { rows, columns }: Sizes): Float64Array {
  const [outputs, inputs] = [rows, columns].map((sizes) => sizes.reduce((left, right) => left * right, 1));
  return Float64Array.from({ length: outputs * inputs }, (_, index) => {
    const i = digits(Math.floor(index / inputs), rows);
    const j = digits(index % inputs, columns);
    let state = [1];
    train.forEach(({ values, shape: [left, , columnCount, right] }, k) => {
      const rowCount = rows[k];
      state = Array.from({ length: right }, (_unused, r) => {
        let sum = 0;
        for (let l = 0; l < left; l++)
          sum += state[l] * values[((l * rowCount + i[k]) * columnCount + j[k]) * right + r];
        return sum;
      });
    });
    return state[0];
  });
}

/** Mixed radix, the first digit slowest. */
function digits(index: number, sizes: readonly number[]): number[] {
  const found: number[] = [];
  let rest = index;
  for (let k = sizes.length - 1; k >= 0; k--) {
    found.unshift(rest % sizes[k]);
    rest = Math.floor(rest / sizes[k]);
  }
  return found;
}

test('the sizes of these tests cover both ends', () => {
  const cheaper = SIZES.map((sizes) => {
    const shapes = coreShapes(sizes);
    const [first, last] = [tensorTrainCost(shapes, 'first'), tensorTrainCost(shapes, 'last')];
    return last.multiplications < first.multiplications ? 'last' : 'first';
  });
  expect(new Set(cheaper)).toEqual(new Set(['first', 'last']));
});

describe.each([
  ['one binding', undefined],
  // Only a few tokens at once.
  ['stretches of tokens', 32_768],
])('Tensor train, %s', (_, maxBindingBytes) => {
  beforeEach(() => openNodeGpu({ maxBindingBytes }));
  afterEach(() => closeGpu());

  describe.each(SIZES)('%j', (sizes) => {
    test('is what the definition says', async () => {
      const train = cores(sizes);
      const weight = TensorTrainWeight.fromCores(train);
      const expected = byDefinition(train, sizes);
      expectAllClose(await weight.dense(), expected, { absolute: 1e-6, relative: 1e-6 });
      for (const tokens of [1, 2, 13]) await expectProduct(weight, expected, tokens);
      const last = weight.shape[0] - 1;
      await expectRows(weight, expected, [last, 0, 1, last >> 1, last, 2]);
      weight.dispose();
    });

    test('with quantized cores', async () => {
      const plain = TensorTrainWeight.fromCores(cores(sizes));
      const quantized = await Promise.all(
        plain.factors.map(async ({ weight }) =>
          QuantizedWeight.fromValues(await weight.dense(), weight.shape, {
            bits: 8,
            strategy: 'channel',
            symmetric: true,
          }),
        ),
      );
      const weight = plain.withFactors(quantized);
      plain.dispose();
      const expected = await weight.dense();
      for (const tokens of [1, 13]) await expectProduct(weight, expected, tokens);
      await expectRows(weight, expected, [weight.shape[0] - 1, 0]);
      weight.dispose();
    });
  });
});

describe('Tensor trains', () => {
  beforeEach(() => openNodeGpu());
  afterEach(() => closeGpu());

  test('of full rank are the matrix itself', async () => {
    const values = seededNormal(24 * 36, 3);
    const { cores: exact } = await tensorTrainSvd(matrixFrom(values, 24, 36), [2, 3, 4], [3, 6, 2], {
      maxRank: 100,
    });
    const weight = TensorTrainWeight.fromCores(exact);
    expectAllClose(await weight.dense(), values, { absolute: 2e-6, relative: 2e-6 });
    await expectProduct(weight, values, 5);
    weight.dispose();
  });

  test('count their cores and nothing else', () => {
    const weight = TensorTrainWeight.fromCores(cores(SIZES[5]));
    expect(weight.shape).toEqual([768, 192]);
    expect(weight.parameters).toBe(32 * 16 + 16 * 48 * 8 + 8 * 96);
    expect(weight.storedBytes).toBe(4 * weight.parameters);
    weight.dispose();
  });

  test('thousands of tokens of many rows each, past one dimension of workgroups', async () => {
    const sizes: Sizes = { rows: [8, 4, 1], columns: [1, 2, 2], ranks: [1, 2] };
    const train = cores(sizes);
    const weight = TensorTrainWeight.fromCores(train);
    await expectProduct(weight, byDefinition(train, sizes), 20_001);
    weight.dispose();
  });

  test('files that do not fit are refused and leave nothing behind', async () => {
    const weight = TensorTrainWeight.fromCores(cores(SIZES[1]));
    const changed = (change: Partial<CoreShape>) => (attributes: Record<string, unknown>) => ({
      ...attributes,
      cores: (attributes.cores as CoreShape[]).map((core, index) =>
        index === 1 ? { ...core, ...change } : core,
      ),
    });
    await expect(reload(weight, ({ factors }) => ({ factors }))).rejects.toThrow('are not described');
    await expect(reload(weight, (attributes) => ({ ...attributes, cores: [] }))).rejects.toThrow(
      'are not described',
    );
    await expect(reload(weight, (attributes) => ({ ...attributes, cores: [null] }))).rejects.toThrow(
      'are not described',
    );
    await expect(reload(weight, changed({ row: 4 }))).rejects.toThrow('Core 1 is 9×16');
    await expect(reload(weight, changed({ left: 2, column: 8 }))).rejects.toThrow(
      'Core 1 begins with rank 2, the one before ends with 4',
    );
    await expect(reload(weight, undefined, [30, 48])).rejects.toThrow('multiply to 30×24, not to 30×48');
    weight.dispose();
  });
});
