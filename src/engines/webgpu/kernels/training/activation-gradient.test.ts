import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { openNodeGpu } from '../../node-gpu';
import { readFloats, uploadTensor } from '../../transfer';
import { expectAllClose, seededNormal } from '../../../../testing/allclose';
import { derivatives } from '../../../../testing/finite-differences';
import { activated, activationGradient, type Nonlinearity } from './activation-gradient';

beforeAll(() => openNodeGpu());

/** Φ(x) = ½ + ∫ φ from 0 to x, by Simpson's rule. */
function normalDistribution(x: number): number {
  const intervals = 2000;
  const width = x / intervals;
  const density = (at: number) => Math.exp((-at * at) / 2) / Math.sqrt(2 * Math.PI);
  let sum = density(0) + density(x);
  for (let n = 1; n < intervals; n++) sum += (n % 2 === 1 ? 4 : 2) * density(n * width);
  return 0.5 + (sum * width) / 3;
}

const FUNCTIONS: Record<Nonlinearity, (x: number) => number> = {
  gelu: (x) => x * normalDistribution(x),
  gelu_new: (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  relu: (x) => Math.max(x, 0),
  tanh: Math.tanh,
};

describe.each(Object.keys(FUNCTIONS) as Nonlinearity[])('%s', (activation) => {
  test.each([[[3, 4]], [[5, 7]]])('values and derivatives of %j, float64', async (shape) => {
    const size = shape[0] * shape[1];
    const values = seededNormal(size, 1).map((value) => 2.5 * value);
    values.set([-30, 12, -0.001, 0.001]);
    const change = seededNormal(size, 2);
    const x = uploadTensor(values, shape);
    const dy = uploadTensor(change, shape);
    const results = [activated(x, activation), activationGradient(x, dy, activation)];
    const exact = Array.from(values, FUNCTIONS[activation]);
    const slopes = Array.from(
      values,
      (value, index) =>
        change[index] * derivatives(([at]) => FUNCTIONS[activation](at), Float64Array.of(value))[0],
    );
    expect(results.map((result) => result.shape)).toEqual([shape, shape]);
    expectAllClose(await readFloats(results[0]), exact, { absolute: 1e-6, relative: 1e-5 });
    expectAllClose(await readFloats(results[1]), slopes, { absolute: 2e-6, relative: 1e-5 });
    tf.dispose([x, dy, ...results]);
  });
});
