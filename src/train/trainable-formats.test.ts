import { beforeAll, describe, expect, test } from 'vitest';
import { openNodeGpu } from '../engines/webgpu/node-gpu';
import { readFloats, writeElements } from '../engines/webgpu/transfer';
import { expectAllClose, seededNormal, seededRandom } from '../testing/allclose';
import {
  COLUMN_ORDER,
  CORES,
  permutedOf,
  ROW_ORDER,
  kroneckerOf,
  masked,
  type MatrixOfParameters,
  productOf,
  rescaled,
  rowTrainsOf,
  tensorTrainOf,
  TRAIN,
  TRAIN_VALUES,
} from '../testing/closed-forms';
import { normalFactor } from '../testing/factorized-weight';
import { differences, lossAndGradients } from '../testing/matrix-loss';
import { quantizedCopy } from '../testing/quantized-copy';
import { storedContent } from '../testing/stored-content';
import { BlockSparseWeight } from '../weights/formats/block-sparse-weight';
import { DenseWeight } from '../weights/formats/dense-weight';
import { EntropyCodedWeight } from '../weights/formats/entropy-coded-weight';
import { KroneckerWeight } from '../weights/formats/kronecker-weight';
import type { LinearWeight } from '../weights/linear-weight';
import { LowRankWeight } from '../weights/formats/low-rank-weight';
import { NOfMWeight } from '../weights/formats/n-of-m-weight';
import { PermutedWeight } from '../weights/formats/permuted-weight';
import { ProductQuantizedWeight } from '../weights/formats/product-quantized-weight';
import type { QuantizationScheme } from '../weights/quantization';
import { QuantizedWeight } from '../weights/formats/quantized-weight';
import { ScaledWeight } from '../weights/formats/scaled-weight';
import { SparseWeight } from '../weights/formats/sparse-weight';
import { StructuredWeight } from '../weights/formats/structured-weight';
import { TensorTrainRowsWeight } from '../weights/formats/tensor-train-rows-weight';
import { TensorTrainWeight } from '../weights/formats/tensor-train-weight';
import { W8A8Weight } from '../weights/formats/w8a8-weight';
import { trainableMatrix } from './trainable-formats';

beforeAll(() => openNodeGpu());

type Shape = readonly [number, number];

/** A weight, and its matrix in float64 as a function of the parameters, written without the code under test. */
interface Case {
  readonly weight: () => LinearWeight | Promise<LinearWeight>;
  readonly matrix: MatrixOfParameters;
}

const INT8 = { bits: 8, strategy: 'channel', symmetric: true } as const;
const INT4 = { bits: 4, strategy: 'group', groupSize: 6, symmetric: true } as const;
const UINT3 = { bits: 3, strategy: 'group', groupSize: 4, symmetric: false } as const;
const INT2 = { bits: 2, strategy: 'tensor', symmetric: true } as const;

const SHAPE: Shape = [6, 12];

const VALUES = seededNormal(72, 1);
const SPARSE = VALUES.map((value) => (Math.abs(value) < 0.6 ? 0 : value));
const TWO_OF_FOUR = VALUES.map((value, index) => ((index * 7) % 4 < 2 ? value : 0));
const KEPT_BLOCKS = [true, false, true, false, true, true];
const BLOCKS = VALUES.map((value, index) => {
  const [row, column] = [Math.floor(index / 12), index % 12];
  return KEPT_BLOCKS[Math.floor(row / 4) * 3 + Math.floor(column / 5)] ? value : 0;
});

function quantizedCase(scheme: QuantizationScheme): Case {
  return {
    weight: () => QuantizedWeight.fromValues(VALUES, SHAPE, scheme),
    matrix: rescaled(VALUES, SHAPE, scheme),
  };
}

const ENTRIES = Int32Array.from({ length: 24 }, (_, index) => (index * 5) % 7);
const SQUARE_SPARSE = seededNormal(144, 6).map((value) => (value < 0 ? 0 : value));
const TWO_TERMS = { terms: 2, aColumns: 4, bRows: 2, bColumns: 3 };
const A_VALUES = seededNormal(24, 2);
const B_VALUES = seededNormal(12, 3);

const CASES: readonly [string, Case][] = [
  ['dense', { weight: () => DenseWeight.fromValues(VALUES, SHAPE), matrix: ([values]) => values }],
  [
    'low rank',
    {
      weight: () => new LowRankWeight(normalFactor(6, 3, 1), normalFactor(3, 12, 2)),
      matrix: ([left, right]) => productOf(left, right, [6, 3, 12]),
    },
  ],
  [
    'low rank, one factor sparse',
    {
      weight: () =>
        new LowRankWeight(normalFactor(6, 12, 1), SparseWeight.fromDense(SQUARE_SPARSE, [12, 12])),
      matrix: ([left, right]) => productOf(left, masked(SQUARE_SPARSE)([right]), [6, 12, 12]),
    },
  ],
  [
    'Kronecker, two terms',
    {
      weight: () => new KroneckerWeight(normalFactor(3, 8, 1), normalFactor(4, 3, 2), 2),
      matrix: ([a, b]) => kroneckerOf(a, b, TWO_TERMS),
    },
  ],
  [
    'Kronecker, five terms',
    {
      weight: () => new KroneckerWeight(normalFactor(3, 30, 1), normalFactor(30, 3, 2), 5),
      matrix: ([a, b]) => kroneckerOf(a, b, { terms: 5, aColumns: 6, bRows: 6, bColumns: 3 }),
    },
  ],
  [
    'Kronecker of quantized factors',
    {
      weight: () =>
        new KroneckerWeight(
          QuantizedWeight.fromValues(A_VALUES, [3, 8], INT8),
          QuantizedWeight.fromValues(B_VALUES, [4, 3], INT8),
          2,
        ),
      matrix: ([ofA, ofB]) =>
        kroneckerOf(
          rescaled(A_VALUES, [3, 8], INT8)([ofA]),
          rescaled(B_VALUES, [4, 3], INT8)([ofB]),
          TWO_TERMS,
        ),
    },
  ],
  [
    'tensor train of three cores',
    {
      weight: () =>
        new TensorTrainWeight(
          CORES,
          CORES.map(({ left, row, column, right }, index) =>
            normalFactor(row * right, left * column, index + 1),
          ),
        ),
      matrix: tensorTrainOf,
    },
  ],
  [
    'tensor train of each row',
    {
      weight: () => TensorTrainRowsWeight.fromTrains(seededNormal(6 * TRAIN_VALUES, 4), 11, TRAIN),
      matrix: ([values]) => rowTrainsOf(values),
    },
  ],
  ['sparse', { weight: () => SparseWeight.fromDense(SPARSE, SHAPE), matrix: masked(SPARSE) }],
  ['2 of 4', { weight: () => NOfMWeight.fromDense(TWO_OF_FOUR, SHAPE, 2, 4), matrix: masked(TWO_OF_FOUR) }],
  [
    'block sparse',
    {
      weight: () => BlockSparseWeight.fromKept(BLOCKS, SHAPE, [4, 5], KEPT_BLOCKS),
      matrix: masked(BLOCKS),
    },
  ],
  ['int8', quantizedCase(INT8)],
  ['int4, groups', quantizedCase(INT4)],
  ['3 bits with zero points, groups', quantizedCase(UINT3)],
  ['int2, one scale', quantizedCase(INT2)],
  [
    'sparse codes',
    {
      weight: () => quantizedCopy(SparseWeight.fromDense(SPARSE, SHAPE), UINT3),
      matrix: rescaled(SPARSE, SHAPE, UINT3),
    },
  ],
  [
    '2 of 4 codes',
    {
      weight: () => quantizedCopy(NOfMWeight.fromDense(TWO_OF_FOUR, SHAPE, 2, 4), INT4),
      matrix: rescaled(TWO_OF_FOUR, SHAPE, INT4),
    },
  ],
  [
    'codes of blocks',
    {
      weight: () => quantizedCopy(BlockSparseWeight.fromKept(BLOCKS, SHAPE, [4, 5], KEPT_BLOCKS), INT4),
      matrix: rescaled(BLOCKS, SHAPE, INT4),
    },
  ],
  [
    'scaled inputs before int4',
    {
      weight: () =>
        ScaledWeight.fromScales(
          Float32Array.from({ length: 12 }, (_, index) => 0.5 + index / 8),
          QuantizedWeight.fromValues(VALUES, SHAPE, INT4),
        ),
      matrix: ([scales, factors]) =>
        Array.from(rescaled(VALUES, SHAPE, INT4)([factors]), (value, index) => value * scales[index % 12]),
    },
  ],
  [
    'weights and activations of 8 bits',
    {
      weight: () => W8A8Weight.fromValues(VALUES, SHAPE, new Float32Array(12).fill(0.5)),
      matrix: ([factors]) => Array.from(rescaled(VALUES, SHAPE, INT8)([factors]), (value) => value / 2),
    },
  ],
  [
    'permuted low rank',
    {
      weight: () =>
        PermutedWeight.fromOrders(
          new LowRankWeight(normalFactor(6, 2, 1), normalFactor(2, 12, 2)),
          ROW_ORDER,
          COLUMN_ORDER,
        ),
      matrix: ([left, right]) => permutedOf(productOf(left, right, [6, 2, 12])),
    },
  ],
  [
    'rows removed',
    {
      weight: () => StructuredWeight.fromKept('rows', Uint32Array.of(1, 2, 5), SHAPE, normalFactor(3, 12, 1)),
      matrix: ([inner]) =>
        Array.from({ length: 72 }, (_, index) => {
          const row = [1, 2, 5].indexOf(Math.floor(index / 12));
          return row < 0 ? 0 : inner[row * 12 + (index % 12)];
        }),
    },
  ],
  [
    'columns removed',
    {
      weight: () =>
        StructuredWeight.fromKept('columns', Uint32Array.of(0, 7, 8, 11), SHAPE, normalFactor(6, 4, 1)),
      matrix: ([inner]) =>
        Array.from({ length: 72 }, (_, index) => {
          const column = [0, 7, 8, 11].indexOf(index % 12);
          return column < 0 ? 0 : inner[Math.floor(index / 12) * 4 + column];
        }),
    },
  ],
  [
    'product quantized',
    {
      weight: () => ProductQuantizedWeight.fromIndices(ENTRIES, SHAPE, normalFactor(8, 3, 1)),
      matrix: ([codebook]) =>
        Array.from({ length: 72 }, (_, index) => codebook[ENTRIES[Math.floor(index / 3)] * 3 + (index % 3)]),
    },
  ],
  [
    'entropy-coded int4',
    {
      weight: () => EntropyCodedWeight.fromInner(QuantizedWeight.fromValues(VALUES, SHAPE, INT4), 'rans'),
      matrix: rescaled(VALUES, SHAPE, INT4),
    },
  ],
];

describe.each(CASES)('%s', (_, { weight: make, matrix: expected }) => {
  test('gradients are those of finite differences in float64', async () => {
    const weight = await make();
    const matrix = await trainableMatrix(weight, 'module');
    weight.dispose();
    const parameters: Float64Array[] = [];
    for (const { tensor } of matrix.parameters) parameters.push(Float64Array.from(await readFloats(tensor)));
    const count = matrix.shape[0] * matrix.shape[1];
    const random = seededRandom(8);
    const loss = { weights: Float32Array.from({ length: count }, random), targets: seededNormal(count, 9) };
    const { gradients } = await lossAndGradients(matrix, loss);
    differences(parameters, expected, loss).forEach((gradient, index) => {
      const greatest = Math.max(...gradient.map(Math.abs));
      expectAllClose(gradients[index], gradient, { absolute: 1e-5 * greatest, relative: 1e-4 });
    });
    expect(gradients).toHaveLength(parameters.length);
    matrix.dispose();
  });

  test('an untrained weight stays the same, byte for byte', async () => {
    const weight = await make();
    const matrix = await trainableMatrix(weight, 'module');
    const same = await matrix.toWeight();
    expect(await storedContent(same)).toEqual(await storedContent(weight));
    expect(await same.dense()).toEqual(await weight.dense());
    for (const owned of [weight, matrix, same]) owned.dispose();
  });

  test('the weight holds the trained values and keeps its format, pattern and codes', async () => {
    const weight = await make();
    const matrix = await trainableMatrix(weight, 'module');
    const parameters: Float32Array[] = [];
    for (const [index, { tensor }] of matrix.parameters.entries()) {
      const changes = seededNormal(tensor.size, 20 + index);
      const changed = (await readFloats(tensor)).map((value, place) => value * (1 + 0.1 * changes[place]));
      writeElements(tensor, 0, changed);
      parameters.push(changed);
    }
    const trained = await matrix.toWeight();
    expect(trained.format).toBe(weight.format);
    expect(trained.parameters).toBe(weight.parameters);
    expect(Object.keys(trained.attributes())).toEqual(Object.keys(weight.attributes()));
    expectAllClose(await trained.dense(), expected(parameters), { absolute: 1e-5, relative: 1e-5 });
    for (const owned of [weight, matrix, trained]) owned.dispose();
  });

  test('parameter names are unique', async () => {
    const weight = await make();
    const matrix = await trainableMatrix(weight, 'module');
    const names = matrix.parameters.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.every((name) => name.startsWith('module.'))).toBe(true);
    weight.dispose();
    matrix.dispose();
  });
});
