import * as tf from '@tensorflow/tfjs';
import { beforeAll, test } from 'vitest';
import { readFloats, uploadTensor } from '../../transfer';
import { expectAllClose, seededNormal } from '../../../../testing/allclose';
import { openNodeGpu } from '../../node-gpu';
import type { Activation } from '../wgsl/activation';
import { biasActivation } from './bias-activation';

beforeAll(() => openNodeGpu());

const matrix = (values: Float32Array, shape: [number, number]) => uploadTensor(values, shape);

/** erf by its Taylor series (small) or by a continued fraction (large), in float64. */
function erf(x: number): number {
  if (Math.abs(x) > 3) {
    let fraction = 0;
    for (let k = 60; k > 0; k--) fraction = k / 2 / (Math.abs(x) + fraction);
    return Math.sign(x) * (1 - Math.exp(-x * x) / (Math.abs(x) + fraction) / Math.sqrt(Math.PI));
  }
  let [term, sum] = [x, x];
  for (let n = 1; n < 80; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

const ACTIVATIONS: Record<Activation, (x: number) => number> = {
  none: (x) => x,
  gelu: (x) => 0.5 * x * (1 + erf(x / Math.SQRT2)),
  gelu_new: (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  relu: (x) => Math.max(x, 0),
  tanh: Math.tanh,
};

test.each(Object.keys(ACTIVATIONS) as Activation[])('bias, %s and residual', async (activation) => {
  const values = Float32Array.from({ length: 400 }, (_, index) => (index - 200) / 12);
  const bias = seededNormal(8, 1);
  const rest = seededNormal(400, 2);
  const [x, b, r] = [matrix(values, [50, 8]), uploadTensor(bias, [8]), matrix(rest, [50, 8])];
  const plain = biasActivation(x, { bias: b, activation });
  const added = biasActivation(x, { bias: b, activation, residual: r });
  const expected = Array.from(values, (value, index) =>
    ACTIVATIONS[activation](Math.fround(value + bias[index % 8])),
  );
  expectAllClose(await readFloats(plain), expected, { absolute: 1e-6, relative: 2e-6 });
  expectAllClose(
    await readFloats(added),
    expected.map((value, index) => value + rest[index]),
    { absolute: 2e-6 },
  );
  tf.dispose([x, b, r, plain, added]);
});
