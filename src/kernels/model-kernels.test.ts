import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { readFloats, readTensorBytes, uploadTensor } from '../gpu/transfer';
import { expectAllClose, seededNormal } from '../testing/allclose';
import { openNodeGpu } from '../testing/node-gpu';
import { argmaxRows } from './argmax-rows';
import { attention } from './attention';
import { type Activation, biasActivation } from './bias-activation';
import { copyColumns } from './copy-columns';
import { divergence } from './divergence';
import { layerNorm } from './layer-norm';
import { tokenLoss } from './token-loss';

beforeAll(() => openNodeGpu());

const matrix = (values: Float32Array, shape: [number, number]) => uploadTensor(values, shape) as tf.Tensor2D;
const ints = (...values: number[]) => uploadTensor(Int32Array.from(values), [values.length]) as tf.Tensor1D;

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
  const plain = biasActivation(x, b, activation);
  const added = biasActivation(x, b, activation, r);
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

describe('attention', () => {
  const [batch, heads, headWidth, length] = [2, 3, 4, 7];
  const width = heads * headWidth;

  /** The definition, in float64, over a packed [batch·length, 3·width] tensor. */
  function reference(qkv: Float32Array, counts: number[], causal: boolean): number[] {
    const y: number[] = [];
    const at = (sequence: number, token: number, role: number, head: number, d: number) =>
      qkv[(sequence * length + token) * 3 * width + role * width + head * headWidth + d];
    for (let s = 0; s < batch; s++) {
      for (let t = 0; t < length; t++) {
        for (let h = 0; h < heads; h++) {
          const keyCount = causal ? Math.min(counts[s], t + 1) : counts[s];
          const weights = Array.from({ length: keyCount }, (_, k) => {
            let score = 0;
            for (let d = 0; d < headWidth; d++) score += at(s, t, 0, h, d) * at(s, k, 1, h, d);
            return Math.exp(score / Math.sqrt(headWidth));
          });
          const total = weights.reduce((sum, weight) => sum + weight, 0);
          for (let d = 0; d < headWidth; d++) {
            y.push(weights.reduce((sum, weight, k) => sum + weight * at(s, k, 2, h, d), 0) / total);
          }
        }
      }
    }
    return y;
  }

  test.each([
    [true, [7, 7]],
    [false, [7, 4]],
  ])('causal %s with key counts %j', async (causal, counts) => {
    const values = seededNormal(batch * length * 3 * width, 5);
    const tensor = matrix(values, [batch * length, 3 * width]);
    const keyCounts = ints(...counts);
    const vectors = (role: number) => ({ tensor, stride: 3 * width, offset: role * width });
    const shape = { batch, heads, headWidth, queryCount: length, keyRows: length, past: 0, causal };
    const y = attention(vectors(0), vectors(1), vectors(2), keyCounts, shape);
    expectAllClose(await readFloats(y), reference(values, counts, causal));
    tf.dispose([tensor, keyCounts, y]);
  });

  test('one query after a cache equals the last query of the whole sequence', async () => {
    const values = seededNormal(batch * length * 3 * width, 6);
    const all = matrix(values, [batch * length, 3 * width]);
    const first = matrix(values.slice(0, length * 3 * width), [length, 3 * width]);
    const [keys, cached] = [
      matrix(new Float32Array(10 * width), [10, width]),
      matrix(new Float32Array(10 * width), [10, width]),
    ];
    copyColumns(first, width, keys, 0);
    copyColumns(first, 2 * width, cached, 0);
    const query = matrix(values.slice((length - 1) * 3 * width, length * 3 * width), [1, 3 * width]);
    const counts = ints(length);
    const y = attention(
      { tensor: query, stride: 3 * width, offset: 0 },
      { tensor: keys, stride: width, offset: 0 },
      { tensor: cached, stride: width, offset: 0 },
      counts,
      { batch: 1, heads, headWidth, queryCount: 1, keyRows: 10, past: length - 1, causal: true },
    );
    expectAllClose(
      await readFloats(y),
      reference(values, [7, 7], true).slice((length - 1) * width, length * width),
    );
    tf.dispose([all, first, keys, cached, query, counts, y]);
  });
});

describe('rows of logits', () => {
  const [rows, vocabulary] = [4, 300];
  const base = seededNormal(rows * vocabulary, 8).map((value) => value * 5);
  const variant = base.map((value, index) => value + Math.sin(index));

  const logProbabilities = (logits: Float32Array, row: number) => {
    const slice = Array.from(logits.subarray(row * vocabulary, (row + 1) * vocabulary));
    const greatest = Math.max(...slice);
    const total = Math.log(slice.reduce((sum, value) => sum + Math.exp(value - greatest), 0)) + greatest;
    return slice.map((value) => value - total);
  };

  test('token loss, with a target that is not scored', async () => {
    const logits = matrix(base, [rows, vocabulary]);
    const targets = ints(3, -1, 299, 0);
    const losses = tokenLoss(logits, targets);
    const expected = [3, -1, 299, 0].map((target, row) =>
      target < 0 ? 0 : -logProbabilities(base, row)[target],
    );
    expectAllClose(await readFloats(losses), expected);
    tf.dispose([logits, targets, losses]);
  });

  test('divergence and same top', async () => {
    const [a, b] = [matrix(base, [rows, vocabulary]), matrix(variant, [rows, vocabulary])];
    const { kl, sameTop } = divergence(a, b);
    const tops = (logits: Float32Array, row: number) => {
      const values = logProbabilities(logits, row);
      return values.indexOf(Math.max(...values));
    };
    const indices = Array.from({ length: rows }, (_, row) => row);
    const expectedKl = indices.map((row) => {
      const [p, q] = [logProbabilities(base, row), logProbabilities(variant, row)];
      return p.reduce((sum, value, column) => sum + Math.exp(value) * (value - q[column]), 0);
    });
    expectAllClose(await readFloats(kl), expectedKl, { absolute: 1e-5, relative: 1e-4 });
    expect([...(await readFloats(sameTop))]).toEqual(
      indices.map((row) => Number(tops(base, row) === tops(variant, row))),
    );
    tf.dispose([a, b, kl, sameTop]);
  });

  test('argmax takes the lowest of equal indices', async () => {
    const values = base.slice();
    values[17] = values[250] = 100;
    const logits = matrix(values, [rows, vocabulary]);
    const tops = argmaxRows(logits);
    expect(new Int32Array(await readTensorBytes(tops))[0]).toBe(17);
    tf.dispose([logits, tops]);
  });
});
