import * as tf from '@tensorflow/tfjs';
import { expect } from 'vitest';
import { readFloats, uploadTensor } from '../engines/webgpu/transfer';
import { DenseWeight } from '../weights/formats/dense-weight';
import type { LinearWeight } from '../weights/linear-weight';
import { loadWeight } from '../weights/formats';
import { expectAllClose, seededNormal } from './allclose';
import { referenceMatmul } from './reference-matmul';

/** Dense factor of seeded normal values. */
export function normalFactor(rows: number, columns: number, seed: number): DenseWeight {
  return DenseWeight.fromValues(seededNormal(rows * columns, seed), [rows, columns]);
}

/** Compares `matmul` with `expected`, the matrix [out, in] in float64. */
export async function expectProduct(
  weight: LinearWeight,
  expected: ArrayLike<number>,
  tokens: number,
): Promise<void> {
  const [outputs, inputs] = weight.shape;
  const values = seededNormal(tokens * inputs, 9);
  const x = uploadTensor(values, [tokens, inputs]);
  const y = weight.matmul(x);
  const got = await readFloats(y);
  tf.dispose([x, y]);
  expectAllClose(got, referenceMatmul(values, expected, [tokens, inputs, outputs]), {
    absolute: 2e-4,
    relative: 2e-5,
  });
}

/**
 * Compares relu(x·Wᵀ + bias) + residual with `expected`, the matrix [out, in] in float64.
 * @param values activations [tokens, in]
 */
export async function expectEpilogue(
  weight: LinearWeight,
  expected: ArrayLike<number>,
  tokens: number,
  tolerance = { absolute: 2e-4, relative: 2e-5 },
  values = seededNormal(tokens * weight.shape[1], 5),
): Promise<void> {
  const [outputs, inputs] = weight.shape;
  const [biasValues, rest] = [seededNormal(outputs, 6), seededNormal(tokens * outputs, 7)];
  const x = uploadTensor(values, [tokens, inputs]);
  const bias = uploadTensor(biasValues, [outputs]);
  const residual = uploadTensor(rest, [tokens, outputs]);
  const y = weight.matmul(x, { bias, activation: 'relu', residual });
  const { shape } = y;
  const got = await readFloats(y);
  tf.dispose([x, bias, residual, y]);
  expect(shape).toEqual([tokens, outputs]);
  const product = referenceMatmul(values, expected, [tokens, inputs, outputs]);
  const finished = product.map(
    (value, index) => Math.max(0, value + biasValues[index % outputs]) + rest[index],
  );
  expectAllClose(got, finished, tolerance);
}

/** Compares `rows` for these ids with the rows of `expected`. */
export async function expectRows(
  weight: LinearWeight,
  expected: ArrayLike<number>,
  wanted: readonly number[],
): Promise<void> {
  const width = weight.shape[1];
  const ids = uploadTensor(Int32Array.from(wanted), [wanted.length]);
  const rows = weight.rows(ids);
  const got = await readFloats(rows);
  tf.dispose([ids, rows]);
  const values = wanted.flatMap((id) => Array.from({ length: width }, (_, i) => expected[id * width + i]));
  expectAllClose(got, values, { absolute: 1e-5, relative: 1e-5 });
}

/** Saves a weight and loads it again, optionally with changed attributes (as read from a file) or another shape. */
export async function reload(
  weight: LinearWeight,
  change: (attributes: Record<string, unknown>) => Record<string, unknown> = (attributes) => attributes,
  shape: readonly [number, number] = weight.shape,
): Promise<LinearWeight> {
  const stored = new Map(weight.stored().map((tensor) => [tensor.suffix, tensor]));
  const attributes = change(JSON.parse(JSON.stringify(weight.attributes())));
  return loadWeight(weight.format, shape, attributes, async (suffix) => {
    const tensor = stored.get(suffix);
    if (!tensor) throw new Error(`the tensor ${suffix} is missing`);
    return { bytes: await tensor.read(), shape: tensor.shape, dtype: tensor.dtype };
  });
}
