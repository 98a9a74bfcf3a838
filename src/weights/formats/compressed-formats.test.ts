import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { readFloats, uploadTensor } from '../../engines/webgpu/transfer';
import type { TensorTrainCore } from '../../linalg/tensor-train';
import { expectAllClose, seededNormal } from '../../testing/allclose';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { quantizedCopy } from '../../testing/quantized-copy';
import { referenceMatmul } from '../../testing/reference-matmul';
import { DenseWeight } from './dense-weight';
import { KroneckerWeight } from './kronecker-weight';
import type { LinearWeight } from '../linear-weight';
import { LowRankWeight } from './low-rank-weight';
import { NOfMWeight } from './n-of-m-weight';
import type { QuantizationScheme } from '../quantization';
import { QuantizedWeight } from './quantized-weight';
import { SparseWeight } from './sparse-weight';
import { StructuredWeight } from './structured-weight';
import { TensorTrainWeight } from './tensor-train-weight';
import { loadWeight } from '../formats';

beforeAll(() => openNodeGpu());

type Shape = readonly [number, number];

const SCHEMES: QuantizationScheme[] = [
  { bits: 8, strategy: 'channel', symmetric: true },
  { bits: 8, strategy: 'tensor', symmetric: false },
  { bits: 4, strategy: 'group', groupSize: 6, symmetric: true },
  { bits: 4, strategy: 'channel', symmetric: false },
];

const sparseValues = (shape: Shape) =>
  seededNormal(shape[0] * shape[1], 4).map((value) => (Math.abs(value) < 0.6 ? 0 : value));

/** Keeps the first `kept` of each group. */
const grouped = (shape: Shape, kept: number, size: number) =>
  seededNormal(shape[0] * shape[1], 5).map((value, index) => ((index * 7) % size < kept ? value : 0));

/** Weights of every format with this shape; the width must be a multiple of 12. */
const FORMATS: [string, (shape: Shape) => LinearWeight | Promise<LinearWeight>][] = [
  ...SCHEMES.map((scheme): (typeof FORMATS)[number] => [
    `quantized ${JSON.stringify(scheme)}`,
    (shape) => QuantizedWeight.fromValues(seededNormal(shape[0] * shape[1], 3), shape, scheme),
  ]),
  ['sparse', (shape) => SparseWeight.fromDense(sparseValues(shape), shape)],
  ['sparse of zeros only', (shape) => SparseWeight.fromDense(new Float32Array(shape[0] * shape[1]), shape)],
  ...SCHEMES.map((scheme): (typeof FORMATS)[number] => [
    `sparse, quantized ${JSON.stringify(scheme)}`,
    (shape) => quantizedCopy(SparseWeight.fromDense(sparseValues(shape), shape), scheme),
  ]),
  ...[
    [2, 4],
    [1, 4],
    [4, 12],
    [1, 3],
    [1, 2],
    [3, 6],
  ].map(([kept, size]): (typeof FORMATS)[number] => [
    `${kept} of ${size}`,
    (shape) => NOfMWeight.fromDense(grouped(shape, kept, size), shape, kept, size),
  ]),
  [
    '2 of 4, quantized',
    (shape) => quantizedCopy(NOfMWeight.fromDense(grouped(shape, 2, 4), shape, 2, 4), SCHEMES[2]),
  ],
  [
    'rows removed',
    (shape) => {
      const inner = DenseWeight.fromValues(seededNormal(3 * shape[1], 6), [3, shape[1]]);
      return StructuredWeight.fromKept('rows', Uint32Array.of(0, 2, 4), shape, inner);
    },
  ],
  [
    'columns removed, quantized',
    (shape) => {
      const inner = QuantizedWeight.fromValues(seededNormal(shape[0] * 4, 6), [shape[0], 4], SCHEMES[0]);
      return StructuredWeight.fromKept('columns', Uint32Array.of(1, 2, 7, 11), shape, inner);
    },
  ],
  ['low rank', (shape) => new LowRankWeight(dense(shape[0], 3, 1), dense(3, shape[1], 2))],
  [
    'low rank, one factor quantized',
    (shape) => new LowRankWeight(quantized(shape[0], 4, 1), dense(4, shape[1], 2)),
  ],
  ...[
    [1, 1, 12],
    [1, 0, 1],
    [3, 1, 4],
    [2, 0, 6],
  ].map(([terms, tall, aColumns]): (typeof FORMATS)[number] => [
    `Kronecker, ${terms} terms, A ${tall ? 'tall' : 'flat'} with ${aColumns} columns`,
    ([rows, columns]) =>
      new KroneckerWeight(
        dense(tall ? rows : 1, terms * aColumns, 1),
        dense(terms * (tall ? 1 : rows), columns / aColumns, 2),
        terms,
      ),
  ]),
  [
    'Kronecker with quantized factors',
    ([rows, columns]) => new KroneckerWeight(quantized(rows, 2 * 4, 1), quantized(2, columns / 4, 2), 2),
  ],
  ...[
    [2, 5],
    [7, 3],
  ].map(([first, second]): (typeof FORMATS)[number] => [
    `tensor train of ranks ${first}, ${second}`,
    ([rows, columns]) =>
      TensorTrainWeight.fromCores(cores([rows, 1, 1], [2, 6, columns / 12], [first, second])),
  ]),
  [
    'tensor train, rows in the last core',
    ([rows, columns]) => TensorTrainWeight.fromCores(cores([1, rows], [columns / 4, 4], [4])),
  ],
  [
    'tensor train with a quantized core',
    ([rows, columns]) => {
      const train = TensorTrainWeight.fromCores(cores([1, rows], [columns / 4, 4], [4]));
      const [first, second] = train.factors.map(({ weight }) => weight.clone());
      const replaced = train.withFactors([quantized(first.shape[0], first.shape[1], 7), second]);
      first.dispose();
      train.dispose();
      return replaced;
    },
  ],
];

function dense(rows: number, columns: number, seed: number): LinearWeight {
  return DenseWeight.fromValues(seededNormal(rows * columns, seed), [rows, columns]);
}

function quantized(rows: number, columns: number, seed: number): LinearWeight {
  return QuantizedWeight.fromValues(seededNormal(rows * columns, seed), [rows, columns], SCHEMES[0]);
}

function cores(rows: number[], columns: number[], ranks: number[]): TensorTrainCore[] {
  return rows.map((row, index) => {
    const shape = [ranks[index - 1] ?? 1, row, columns[index], ranks[index] ?? 1] as const;
    const count = shape.reduce((product, size) => product * size, 1);
    return { values: Float64Array.from(seededNormal(count, index + 1)), shape };
  });
}

describe.each(FORMATS)('%s', (_, make) => {
  test.each([
    [1, [5, 12]],
    [2, [70, 36]],
    [19, [70, 36]],
    [6, [33, 132]],
  ] as [number, Shape][])(
    '%i tokens times %j agrees with its dense matrix in float64',
    async (tokens, shape) => {
      const weight = await make(shape);
      const xValues = seededNormal(tokens * shape[1], 1);
      const x = uploadTensor(xValues, [tokens, shape[1]]);
      const y = weight.matmul(x);
      const dense = await weight.dense();
      const expected = referenceMatmul(xValues, dense, [tokens, shape[1], shape[0]]);
      expectAllClose(await readFloats(y), expected, { absolute: 1e-4, relative: 1e-5 });
      tf.dispose([x, y]);
      weight.dispose();
    },
  );

  test('rows by index are rows of its dense matrix', async () => {
    const shape: Shape = [11, 36];
    const weight = await make(shape);
    const ids = uploadTensor(Int32Array.of(4, 0, 10, 4, 3), [5]);
    const rows = weight.rows(ids);
    const dense = await weight.dense();
    expectAllClose(
      await readFloats(rows),
      [4, 0, 10, 4, 3].flatMap((id) => [...dense.subarray(id * 36, (id + 1) * 36)]),
      { absolute: 1e-5, relative: 1e-5 },
    );
    tf.dispose([ids, rows]);
    weight.dispose();
  });

  test('what is stored is as long as it says, and loads again to the same bits', async () => {
    const shape: Shape = [11, 36];
    const weight = await make(shape);
    const tensors = await Promise.all(
      weight
        .stored()
        .map(async (tensor) => [tensor.suffix, { ...tensor, bytes: await tensor.read() }] as const),
    );
    const bySuffix = new Map(tensors);
    expect(tensors.reduce((sum, [, { bytes }]) => sum + bytes.length, 0)).toBe(weight.storedBytes);
    const attributes = JSON.parse(JSON.stringify(weight.attributes()));
    const loaded = await loadWeight(weight.format, shape, attributes, async (suffix) =>
      bySuffix.get(suffix)!,
    );
    expect(loaded.parameters).toBe(weight.parameters);
    expect(await loaded.dense()).toEqual(await weight.dense());
    for (const tensor of loaded.stored())
      expect(await tensor.read()).toEqual(bySuffix.get(tensor.suffix)!.bytes);
    weight.dispose();
    const copy = loaded.clone();
    loaded.dispose();
    expect((await copy.dense()).length).toBe(11 * 36);
    copy.dispose();
  });
});
