import * as tf from '@tensorflow/tfjs';
import { beforeAll, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { readFloats, uploadTensor } from '../../engines/webgpu/transfer';
import { expectAllClose, seededNormal } from '../../testing/allclose';
import { derivatives } from '../../testing/finite-differences';
import { attentionDivergence } from './attention-divergence';

beforeAll(() => openNodeGpu());

const [HEADS, COUNTS] = [2, [12, 7]];
const MATRICES = HEADS * COUNTS.length;

interface Sizes {
  readonly length: number;
  readonly headWidth: number;
  readonly causal: boolean;
}

/** log softmax(q · k / √headWidth) of one query over its visible keys. */
function logWeights(
  query: Float64Array,
  key: Float64Array,
  row: number,
  keys: readonly number[],
  { headWidth }: Sizes,
): number[] {
  const scores = keys.map((at) => {
    let score = 0;
    for (let index = 0; index < headWidth; index++)
      score += query[row * headWidth + index] * key[at * headWidth + index];
    return score / Math.sqrt(headWidth);
  });
  const logSum = Math.log(scores.reduce((sum, score) => sum + Math.exp(score), 0));
  return scores.map((score) => score - logSum);
}

/** Sum over all heads and queries in float64, by definition. */
function divergence([query, key, ...taught]: readonly Float64Array[], sizes: Sizes): number {
  const { length, causal } = sizes;
  let sum = 0;
  for (let matrix = 0; matrix < MATRICES; matrix++) {
    const count = COUNTS[Math.floor(matrix / HEADS)];
    for (let token = 0; token < count; token++) {
      const seen = causal ? token + 1 : count;
      const keys = Array.from({ length: seen }, (_, at) => matrix * length + at);
      const given = logWeights(query, key, matrix * length + token, keys, sizes);
      const other = logWeights(taught[0], taught[1], matrix * length + token, keys, sizes);
      other.forEach((log, index) => (sum += Math.exp(log) * (log - given[index])));
    }
  }
  return sum;
}

test.each([
  { length: 12, headWidth: 4, causal: true },
  { length: 12, headWidth: 4, causal: false },
  { length: 13, headWidth: 3, causal: true },
])(
  '$length tokens, heads of $headWidth, causal: $causal; by central differences in float64',
  async (sizes) => {
    const { length, headWidth, causal } = sizes;
    const shape: [number, number, number] = [MATRICES, length, headWidth];
    const parts = [1, 2, 3, 4].map((seed) => seededNormal(MATRICES * length * headWidth, seed));
    const [query, key, ...taught] = parts.map((values) => uploadTensor(values, shape));
    const keyCounts = uploadTensor(Int32Array.from(COUNTS), [COUNTS.length]) as tf.Tensor1D;
    const factor = 0.3;
    const { value, grads } = tf.valueAndGrads((query, key) =>
      tf.mul<tf.Scalar>(
        attentionDivergence(
          { query: query as tf.Tensor3D, key: key as tf.Tensor3D },
          { query: taught[0], key: taught[1] },
          HEADS,
          { keyCounts, causal },
        ),
        factor,
      ),
    )([query, key]);

    const exact = parts.map((values) => Float64Array.from(values));
    expectAllClose(await readFloats(value), [factor * divergence(exact, sizes)], {
      absolute: 0,
      relative: 1e-5,
    });
    for (const [index, gradient] of grads.entries()) {
      const of = (moved: Float64Array) =>
        factor *
        divergence(
          exact.map((part, other) => (other === index ? moved : part)),
          sizes,
        );
      expectAllClose(await readFloats(gradient), derivatives(of, exact[index]), {
        absolute: 2e-6,
        relative: 1e-4,
      });
    }
    tf.dispose([query, key, ...taught, keyCounts, value, ...grads]);
  },
);
