import { seededNormal } from './allclose';
import { BlockSparseWeight } from '../weights/block-sparse-weight';
import { DenseWeight } from '../weights/dense-weight';
import { EntropyCodedWeight } from '../weights/entropy-coded-weight';
import { KroneckerWeight } from '../weights/kronecker-weight';
import type { LinearWeight } from '../weights/linear-weight';
import { LowRankWeight } from '../weights/low-rank-weight';
import { NOfMWeight } from '../weights/n-of-m-weight';
import { PermutedWeight } from '../weights/permuted-weight';
import { ProductQuantizedWeight } from '../weights/product-quantized-weight';
import { QuantizedWeight } from '../weights/quantized-weight';
import { ScaledWeight } from '../weights/scaled-weight';
import { SparseWeight } from '../weights/sparse-weight';
import { StructuredWeight } from '../weights/structured-weight';
import { TensorTrainWeight } from '../weights/tensor-train-weight';
import { W8A8Weight } from '../weights/w8a8-weight';

type Shape = readonly [number, number];
export type MakeWeight = (values: Float32Array, shape: Shape) => LinearWeight | Promise<LinearWeight>;

const INT4 = { bits: 4, strategy: 'group', groupSize: 8, symmetric: true } as const;
export const INT8 = { bits: 8, strategy: 'channel', symmetric: true } as const;

/** Of every form one over matrices of 24, 40 and 96; those that are random at first are of the size of a trained one. */
export const FORMS: Readonly<Record<string, MakeWeight>> = {
  int8: (values, shape) => QuantizedWeight.fromValues(values, shape, INT8),
  int4: (values, shape) => QuantizedWeight.fromValues(values, shape, INT4),
  w8a8: (values, shape) => W8A8Weight.fromValues(values, shape, new Float32Array(shape[1]).fill(1)),
  scaled: (values, shape) =>
    ScaledWeight.fromScales(
      new Float32Array(shape[1]).fill(0.5),
      QuantizedWeight.fromValues(
        values.map((value) => 2 * value),
        shape,
        INT4,
      ),
    ),
  sparse: (values, shape) =>
    SparseWeight.fromDense(
      values.map((value, index) => (index % 3 ? value : 0)),
      shape,
    ),
  '2 of 4': (values, shape) =>
    NOfMWeight.fromDense(
      values.map((value, index) => (index % 4 < 2 ? value : 0)),
      shape,
      2,
      4,
    ),
  'block sparse': (values, [rows, columns]) => {
    const kept = Array.from({ length: (rows / 8) * (columns / 8) }, (_, index) => index % 2 === 0);
    return BlockSparseWeight.fromKept(values, [rows, columns], [8, 8], kept);
  },
  'low rank': (_, [rows, columns]) => new LowRankWeight(small(rows, 8, 1), small(8, columns, 2)),
  Kronecker: (_, [rows, columns]) => new KroneckerWeight(small(rows / 2, columns, 1), small(4, 2, 2), 2),
  'tensor train': (_, [rows, columns]) => {
    const shapes = [
      { left: 1, row: 4, column: columns / 4, right: 6 },
      { left: 6, row: rows / 4, column: 4, right: 1 },
    ];
    return new TensorTrainWeight(shapes, [small(24, columns / 4, 1), small(rows / 4, 24, 2)]);
  },
  'permuted low rank': (_, [rows, columns]) =>
    PermutedWeight.fromOrders(
      new LowRankWeight(small(rows, 8, 1), small(8, columns, 2)),
      Uint32Array.from({ length: rows }, (_, row) => rows - 1 - row),
      Uint32Array.from({ length: columns }, (_, column) => columns - 1 - column),
    ),
  'columns removed': (_, [rows, columns]) =>
    StructuredWeight.fromKept(
      'columns',
      Uint32Array.from({ length: columns / 2 }, (_, column) => 2 * column),
      [rows, columns],
      small(rows, columns / 2, 1),
    ),
  'product quantized': (_, [rows, columns]) =>
    ProductQuantizedWeight.fromIndices(
      Int32Array.from({ length: (rows * columns) / 4 }, (_, index) => (index * 7) % 16),
      [rows, columns],
      small(16, 4, 1),
    ),
  'entropy-coded int4': (values, shape) =>
    EntropyCodedWeight.fromInner(QuantizedWeight.fromValues(values, shape, INT4), 'rans'),
  'low rank of int8 factors': (_, [rows, columns]) =>
    new LowRankWeight(
      QuantizedWeight.fromValues(seededNormal(rows * 8, 1), [rows, 8], INT8),
      QuantizedWeight.fromValues(
        seededNormal(8 * columns, 2).map((value) => value / 20),
        [8, columns],
        INT8,
      ),
    ),
};

/** A factor so small that products of two are about as large as a trained matrix. */
function small(rows: number, columns: number, seed: number): LinearWeight {
  const values = seededNormal(rows * columns, seed).map((value) => value / 5);
  return DenseWeight.fromValues(values, [rows, columns]);
}
