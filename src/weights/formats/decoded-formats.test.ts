import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { readFloats, uploadTensor } from '../../engines/webgpu/transfer';
import { expectAllClose, seededNormal } from '../../testing/allclose';
import fixture from '../../testing/fixtures/methods.json';
import { referenceMatmul } from '../../testing/reference-matmul';
import { DenseWeight } from './dense-weight';
import type { LinearWeight } from '../linear-weight';
import { NOfMWeight } from './n-of-m-weight';
import type { QuantizationScheme } from '../quantization';
import { QuantizedWeight } from './quantized-weight';
import { SparseWeight } from './sparse-weight';
import { StructuredWeight } from './structured-weight';

beforeAll(() => openNodeGpu());

type Shape = readonly [number, number];

/** Compares a weight's dense values, products and rows with an independent matrix. */
async function expectMatrix(weight: LinearWeight, matrix: ArrayLike<number>, tolerance = 0): Promise<void> {
  const [outputs, inputs] = weight.shape;
  expectAllClose(await weight.dense(), matrix, { absolute: tolerance, relative: tolerance });
  for (const tokens of [1, 4, 5, 18]) {
    const xValues = seededNormal(tokens * inputs, tokens);
    const x = uploadTensor(xValues, [tokens, inputs]);
    const y = weight.matmul(x);
    expectAllClose(await readFloats(y), referenceMatmul(xValues, matrix, [tokens, inputs, outputs]), {
      absolute: 1e-5 * Math.sqrt(inputs),
    });
    tf.dispose([x, y]);
  }
  const ids = Int32Array.of(outputs - 1, 0, outputs >> 1, 0);
  const idTensor = uploadTensor(ids, [ids.length]);
  const rows = weight.rows(idTensor);
  const expected = [...ids].flatMap((id) =>
    Array.from({ length: inputs }, (_, column) => matrix[id * inputs + column]),
  );
  expectAllClose(await readFloats(rows), expected, { absolute: 1e-6, relative: 1e-6 });
  tf.dispose([idTensor, rows]);
  weight.dispose();
}

const SHAPES: Shape[] = [
  [1, 1],
  [3, 7],
  [37, 33],
  [66, 65],
  [5, 130],
];

const withZeros = ([rows, width]: Shape) =>
  seededNormal(rows * width, 2).map((value) => (Math.abs(value) < 0.6 ? 0 : value));

const SCHEMES: QuantizationScheme[] = ([8, 4, 3, 2] as const).flatMap((bits) =>
  [true, false].flatMap((symmetric) =>
    (bits > 3 ? (['tensor', 'channel'] as const) : (['channel'] as const)).map((strategy) => ({
      bits,
      symmetric,
      strategy,
    })),
  ),
);

describe.each(SHAPES)('%i×%i', (...shape) => {
  const values = withZeros(shape);

  test('sparse', () => expectMatrix(SparseWeight.fromDense(values, shape), values));

  test.each(SCHEMES)('quantized to $bits bits, symmetric $symmetric, a scale a $strategy', async (scheme) => {
    const weight = QuantizedWeight.fromValues(values, shape, scheme);
    const rounded = await weight.dense();
    const [least, greatest] = [Math.min(0, ...values), Math.max(0, ...values)];
    const codes = 2 ** scheme.bits - (scheme.symmetric ? 2 : 1);
    const range = scheme.symmetric ? 2 * Math.max(-least, greatest) : greatest - least;
    // Half a step for the code, and half for an asymmetric range with a rounded zero point.
    expectAllClose(rounded, values, { absolute: (range / codes) * (scheme.symmetric ? 0.501 : 1.001) });

    const sparse = SparseWeight.fromDense(values, shape);
    const both = await sparse.quantizeStored(scheme);
    sparse.dispose();
    await expectMatrix(
      both,
      rounded.map((value, index) => (values[index] === 0 ? 0 : value)),
    );
    await expectMatrix(weight, rounded);
  });
});

test.each([
  [2, 5],
  [3, 7],
  [1, 1],
  [5, 35],
  [1, 3],
])('%i of %i', async (kept, size) => {
  const shape = [19, 35 * (size === 3 ? 3 : 1)] as const;
  const values = seededNormal(shape[0] * shape[1], 3).map((value, index) =>
    (index * 11 + Math.floor(index / size)) % size < kept ? value : 0,
  );
  const weight = NOfMWeight.fromDense(values, shape, kept, size);
  expect(weight.parameters).toBe((values.length / size) * kept);
  await expectMatrix(weight, values);
});

test('a group with more nonzeros than it may keep is refused', () => {
  expect(() => NOfMWeight.fromDense(Float32Array.of(1, 2, 3, 0), [1, 4], 2, 4)).toThrow(
    'A group has 3 nonzeros where 2 are kept.',
  );
});

test.each(['rows', 'columns'] as const)('%s removed', async (axis) => {
  const shape = [37, 33] as const;
  const isKept = (index: number) => index % 3 !== 1 && index !== 36;
  const kept = Uint32Array.from({ length: shape[axis === 'rows' ? 0 : 1] }, (_, index) => index).filter(
    isKept,
  );
  const values = seededNormal(37 * 33, 5).map((value, index) =>
    isKept(axis === 'rows' ? Math.floor(index / 33) : index % 33) ? value : 0,
  );
  const smaller = values.filter((_, index) => isKept(axis === 'rows' ? Math.floor(index / 33) : index % 33));
  const innerShape = axis === 'rows' ? ([kept.length, 33] as const) : ([37, kept.length] as const);
  const inner = DenseWeight.fromValues(smaller, innerShape);
  await expectMatrix(StructuredWeight.fromKept(axis, kept, shape, inner), values);
});

interface Case extends QuantizationScheme {
  readonly dequantized: number[][];
}

test.each(fixture['12x16'].roundToNearest as unknown as Case[])(
  "NumPy's matrix of $bits bits, $strategy $groupSize, symmetric $symmetric",
  async ({ bits, strategy, groupSize, symmetric, dequantized }) => {
    const values = Float32Array.from((fixture['12x16'].values as number[][]).flat());
    const scheme = { bits, strategy, symmetric, groupSize: groupSize ?? undefined };
    await expectMatrix(QuantizedWeight.fromValues(values, [12, 16], scheme), dequantized.flat(), 1e-6);
  },
);
