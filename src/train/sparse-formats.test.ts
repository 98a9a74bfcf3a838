import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../engines/webgpu/node-gpu';
import { seededNormal } from '../testing/allclose';
import { SparseWeight } from '../weights/formats/sparse-weight';
import { isSparse, type SparseStorage } from '../weights/linear-weight';
import { MaskedMatrix } from './formats/masked-matrix';
import { QuantizedMatrix } from './formats/quantized-matrix';
import { StraightThroughMatrix } from './formats/straight-through-matrix';
import { trainableMatrix } from './trainable-formats';

beforeAll(() => openNodeGpu());

const SHAPE = [6, 8] as const;
const VALUES = seededNormal(48, 1).map((value) => (Math.abs(value) < 0.6 ? 0 : value));
const INT8 = { bits: 8, strategy: 'channel', symmetric: true } as const;

/** Sparse format with an unregistered name. */
function unknownFormat(): SparseStorage {
  const weight = SparseWeight.fromDense(VALUES, SHAPE);
  return Object.create(weight, { format: { value: 'unheard-of' } }) as SparseStorage;
}

test('a sparse format with any name trains under its mask', async () => {
  const weight = unknownFormat();
  const matrix = await trainableMatrix(weight, 'module');
  expect(matrix).toBeInstanceOf(MaskedMatrix);
  const trained = await matrix.toWeight();
  expect(await trained.dense()).toEqual(VALUES);
  for (const owned of [weight, matrix, trained]) owned.dispose();
});

test('its codes train by their scales', async () => {
  const weight = unknownFormat();
  const codes = await weight.quantizeStored(INT8);
  const matrix = await trainableMatrix(codes, 'module');
  expect(matrix).toBeInstanceOf(QuantizedMatrix);
  for (const owned of [weight, codes, matrix]) owned.dispose();
});

test('quantization in the loop keeps its zeros', async () => {
  const weight = unknownFormat();
  const matrix = await StraightThroughMatrix.of(weight, 'module', INT8);
  const rounded = await matrix.toWeight();
  expect(isSparse(rounded)).toBe(true);
  expect((await rounded.dense()).map((value) => Number(value === 0))).toEqual(
    VALUES.map((value) => Number(value === 0)),
  );
  for (const owned of [weight, matrix, rounded]) owned.dispose();
});
