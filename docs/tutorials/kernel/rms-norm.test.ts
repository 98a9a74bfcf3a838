import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../../../src/engines/webgpu/node-gpu';
import { readFloats, uploadTensor } from '../../../src/engines/webgpu/transfer';
import { expectAllClose, seededNormal } from '../../../src/testing/allclose';
import { rmsNorm } from './rms-norm';

beforeAll(() => openNodeGpu());

async function normalized(values: Float32Array, scales: Float32Array, epsilon: number) {
  const [rows, width] = [values.length / scales.length, scales.length];
  const x = uploadTensor(values, [rows, width]) as tf.Tensor2D;
  const scale = uploadTensor(scales, [width]);
  const y = rmsNorm(x, scale, epsilon);
  const result = await readFloats(y);
  tf.dispose([x, scale, y]);
  return result;
}

/** By the definition, in float64. */
function reference(values: Float32Array, scales: Float32Array, epsilon: number): number[] {
  return Array.from(values, (value, index) => {
    const start = index - (index % scales.length);
    const row = Array.from(values.subarray(start, start + scales.length));
    const meanSquare = row.reduce((sum, each) => sum + each * each, 0) / row.length;
    return (value / Math.sqrt(meanSquare + epsilon)) * scales[index % scales.length];
  });
}

// Fewer columns than threads, as many, and a number that they do not divide.
test.each([
  [1, 5],
  [3, 16],
  [7, 203],
])('%i rows of %i columns are as in float64', async (rows, width) => {
  const values = seededNormal(rows * width, 1).map((value) => 3 * value + 1);
  const scales = seededNormal(width, 2);
  expectAllClose(await normalized(values, scales, 1e-5), reference(values, scales, 1e-5));
});

test('a row by hand: 3 and 4 have a mean square of 12.5', async () => {
  const found = await normalized(Float32Array.of(3, 4, 0, 0), Float32Array.of(1, 10), 3.5);
  // √(12.5 + 3.5) = 4; a row of zeros stays zero.
  expect([...found]).toEqual([0.75, 10, 0, 0]);
});

test('more rows than a device takes workgroups in one dimension', async () => {
  const values = new Float32Array(70_000).fill(2);
  const found = await normalized(values, Float32Array.of(5), 0);
  expectAllClose(found, new Float32Array(70_000).fill(5));
});
