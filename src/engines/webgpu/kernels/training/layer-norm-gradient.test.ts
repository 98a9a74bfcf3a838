import * as tf from '@tensorflow/tfjs';
import { test } from 'vitest';
import { readFloats, uploadTensor } from '../../transfer';
import { expectAllClose, seededNormal } from '../../../../testing/allclose';
import { describeOnEachDevice } from '../../../../testing/each-device';
import { derivatives } from '../../../../testing/finite-differences';
import { layerNormInputGradient, layerNormScaleGradient, rowMoments } from './layer-norm-gradient';

const EPSILON = 1e-5;

/** Σ change · (normalized x · scale) of one row, in float64. */
function weightedNorm(x: Float64Array, scale: Float64Array, change: Float32Array): number {
  const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
  const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
  return x.reduce(
    (sum, value, column) =>
      sum + (change[column] * scale[column] * (value - mean)) / Math.sqrt(variance + EPSILON),
    0,
  );
}

describeOnEachDevice(() => {
  test.each([
    [3, 5],
    [70, 8],
    [131, 33],
    [2, 192],
  ])('%i rows of %i against finite differences in float64', async (rows, width) => {
    const [values, scale, change] = [
      seededNormal(rows * width, 1).map((value) => 3 * value + 1),
      seededNormal(width, 2),
      seededNormal(rows * width, 3),
    ];
    const expected = new Float64Array(rows * width);
    const ofScale = new Float64Array(width);
    for (let row = 0; row < rows; row++) {
      const [begin, end] = [row * width, (row + 1) * width];
      const x = Float64Array.from(values.subarray(begin, end));
      const scale64 = Float64Array.from(scale);
      const ofRow = change.subarray(begin, end);
      expected.set(
        derivatives((x) => weightedNorm(x, scale64, ofRow), x),
        begin,
      );
      derivatives((scale) => weightedNorm(x, scale, ofRow), scale64).forEach(
        (value, column) => (ofScale[column] += value),
      );
    }
    const x = uploadTensor(values, [rows, width]);
    const dy = uploadTensor(change, [rows, width]);
    const gamma = uploadTensor(scale, [width]);
    const moments = rowMoments(x, EPSILON);
    const results = [layerNormInputGradient(x, moments, gamma, dy), layerNormScaleGradient(x, moments, dy)];
    expectAllClose(await readFloats(results[0]), expected, { absolute: 2e-6, relative: 1e-4 });
    expectAllClose(await readFloats(results[1]), ofScale, { absolute: 2e-5, relative: 1e-4 });
    tf.dispose([x, dy, gamma, moments, ...results]);
  });
});
