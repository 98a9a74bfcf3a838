import { beforeAll, describe, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { expectAllClose, seededNormal, seededRandom } from '../../testing/allclose';
import { describeOnEachProductDevice } from '../../testing/each-device';
import { expectEpilogue, expectProduct, expectRows, reload } from '../../testing/factorized-weight';
import { blockGrid } from '../block-index';
import { BlockSparseWeight } from './block-sparse-weight';
import type { QuantizationScheme } from '../quantization';

type Shape = readonly [number, number];

/** Keeps each block with this probability and builds the expected matrix weight by weight. */
function withMissingBlocks(shape: Shape, block: Shape, chance: number) {
  const [rows, columns] = shape;
  const [down, across] = blockGrid(shape, block);
  const random = seededRandom(rows + columns);
  const kept = Array.from({ length: down * across }, () => random() < chance);
  const values = seededNormal(rows * columns, 2);
  const expected = values.map((value, index) => {
    const [row, column] = [Math.floor(index / columns), index % columns];
    return kept[Math.floor(row / block[0]) * across + Math.floor(column / block[1])] ? value : 0;
  });
  return { values, kept, expected };
}

function blockSparse(shape: Shape, block: Shape, chance = 0.5) {
  const { values, kept, expected } = withMissingBlocks(shape, block, chance);
  return { weight: BlockSparseWeight.fromKept(values, shape, block, kept), expected };
}

/** Widths that are multiples of four or not, blocks that divide the matrix or not, single rows and columns. */
const CASES: [Shape, Shape][] = [
  [
    [64, 64],
    [32, 32],
  ],
  [
    [96, 48],
    [16, 16],
  ],
  [
    [128, 96],
    [64, 8],
  ],
  [
    [70, 52],
    [16, 8],
  ],
  [
    [37, 33],
    [8, 4],
  ],
  [
    [40, 36],
    [8, 1],
  ],
  [
    [29, 31],
    [1, 5],
  ],
  [
    [33, 64],
    [6, 6],
  ],
  [
    [12, 16],
    [22, 30],
  ],
];

describeOnEachProductDevice(() => {
  test.each(CASES)('products of %j by blocks of %j', async (shape, block) => {
    const { weight, expected } = blockSparse(shape, block);
    for (const tokens of [1, 5, 33, 70]) await expectProduct(weight, expected, tokens);
    weight.dispose();
  });

  test.each([
    [
      [96, 64],
      [32, 16],
    ],
    [
      [35, 33],
      [8, 3],
    ],
  ] as [Shape, Shape][])('bias, activation and residual, %j by %j', async (shape, block) => {
    const { weight, expected } = blockSparse(shape, block);
    for (const tokens of [1, 33])
      await expectEpilogue(weight, expected, tokens, { absolute: 1e-4, relative: 1e-5 });
    weight.dispose();
  });
});

describe('on the device as it is', () => {
  beforeAll(() => openNodeGpu());

  test.each(CASES)('%j by blocks of %j: dense format, rows, clone, file', async (shape, block) => {
    const { weight, expected } = blockSparse(shape, block);
    expectAllClose(await weight.dense(), expected, { absolute: 0, relative: 0 });
    expect(weight.parameters).toBe(expected.reduce((count, value) => count + Number(value !== 0), 0));
    await expectRows(weight, expected, [shape[0] - 1, 0, 3, 3]);
    const copy = weight.clone();
    weight.dispose();
    const loaded = await reload(copy);
    copy.dispose();
    expectAllClose(await loaded.dense(), expected, { absolute: 0, relative: 0 });
    await expectProduct(loaded, expected, 5);
    loaded.dispose();
  });

  const SCHEMES: QuantizationScheme[] = ([8, 4] as const).flatMap((bits) =>
    [true, false].flatMap((symmetric) =>
      (['tensor', 'channel'] as const).map((strategy) => ({ bits, symmetric, strategy })),
    ),
  );

  test.each([...SCHEMES, { bits: 4, symmetric: false, strategy: 'group', groupSize: 11 } as const])(
    'codes %j keep their blocks',
    async (scheme) => {
      for (const [shape, block] of [
        [
          [48, 44],
          [16, 8],
        ],
        [
          [19, 33],
          [4, 3],
        ],
      ] as [Shape, Shape][]) {
        const { weight, expected } = blockSparse(shape, block);
        const codes = await weight.quantizeStored(scheme);
        weight.dispose();
        const dense = await codes.dense();
        const greatest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        const step = (2 * greatest) / (2 ** scheme.bits - 2);
        dense.forEach((value, index) => {
          if (expected[index] === 0) expect(value).toBe(0);
          else expect(Math.abs(value - expected[index])).toBeLessThanOrEqual(1.01 * step);
        });
        for (const tokens of [1, 18]) await expectProduct(codes, dense, tokens);
        await expectRows(codes, dense, [shape[0] - 1, 5]);
        const loaded = await reload(codes);
        codes.dispose();
        expectAllClose(await loaded.dense(), dense, { absolute: 0, relative: 0 });
        loaded.dispose();
      }
    },
  );

  test('no blocks, and all of them', async () => {
    for (const chance of [0, 1]) {
      const { weight, expected } = blockSparse([40, 24], [8, 8], chance);
      for (const tokens of [1, 33]) await expectProduct(weight, expected, tokens);
      const loaded = await reload(weight);
      expectAllClose(await loaded.dense(), expected, { absolute: 0, relative: 0 });
      loaded.dispose();
      weight.dispose();
    }
  });

  test('a file that does not fit is refused', async () => {
    const { weight } = blockSparse([40, 24], [8, 8]);
    await expect(reload(weight, (attributes) => ({ ...attributes, block: [8] }))).rejects.toThrow(
      'its blocks are [8] where [rows, columns] was expected',
    );
    await expect(reload(weight, (attributes) => ({ ...attributes, block: [8, 16] }))).rejects.toThrow(
      'does not ascend in each block row to less than 2',
    );
    await expect(reload(weight, (attributes) => attributes, [40, 20])).rejects.toThrow(
      'block_rows does not count the blocks',
    );
    weight.dispose();
  });
});
