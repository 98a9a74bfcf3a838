import * as tf from '@tensorflow/tfjs';
import { beforeAll, test } from 'vitest';
import { readFloats, uploadTensor } from '../../transfer';
import { expectAllClose, seededNormal } from '../../../../testing/allclose';
import { openNodeGpu } from '../../node-gpu';
import { layerNorm } from './layer-norm';

beforeAll(() => openNodeGpu());

const matrix = (values: Float32Array, shape: [number, number]) => uploadTensor(values, shape);

test.each([5, 64, 192])('layer norm of width %i', async (width) => {
  const [values, scale, shift] = [seededNormal(3 * width, 1), seededNormal(width, 2), seededNormal(width, 3)];
  const x = matrix(values, [3, width]);
  const [s, b] = [uploadTensor(scale, [width]), uploadTensor(shift, [width])];
  const y = layerNorm(x, s, b, 1e-5);
  const expected = Array.from({ length: 3 }, (_, row) => {
    const slice = Array.from(values.subarray(row * width, (row + 1) * width));
    const mean = slice.reduce((sum, value) => sum + value, 0) / width;
    const variance = slice.reduce((sum, value) => sum + (value - mean) ** 2, 0) / width;
    return slice.map(
      (value, column) => ((value - mean) / Math.sqrt(variance + 1e-5)) * scale[column] + shift[column],
    );
  }).flat();
  expectAllClose(await readFloats(y), expected);
  tf.dispose([x, s, b, y]);
});
