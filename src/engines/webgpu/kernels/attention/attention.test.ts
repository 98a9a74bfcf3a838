import * as tf from '@tensorflow/tfjs';
import { test } from 'vitest';
import { readFloats, uploadTensor } from '../../transfer';
import { expectAllClose, seededNormal } from '../../../../testing/allclose';
import { describeOnEachDevice } from '../../../../testing/each-device';
import { attention, type AttentionShape, type HeadVectors } from './attention';
import { copyColumns } from '../layers/copy-columns';

const matrix = (values: Float32Array, shape: [number, number]) => uploadTensor(values, shape);
const ints = (...values: number[]) => uploadTensor(Int32Array.from(values), [values.length]);

/** Definition of self-attention in float64, over a packed [batch·length, 3·width] matrix. */
function reference(
  qkv: Float32Array,
  { batch, heads, headWidth, queryCount: length, causal }: AttentionShape,
  counts: readonly number[],
): number[] {
  const width = heads * headWidth;
  const at = (sequence: number, token: number, role: number, column: number) =>
    qkv[(sequence * length + token) * 3 * width + role * width + column];
  const y: number[] = [];
  for (let s = 0; s < batch; s++) {
    for (let t = 0; t < length; t++) {
      for (let h = 0; h < heads; h++) {
        const columns = Array.from({ length: headWidth }, (_, d) => h * headWidth + d);
        const keyCount = causal ? Math.min(counts[s], t + 1) : counts[s];
        const scores = Array.from(
          { length: keyCount },
          (_, k) =>
            columns.reduce((sum, column) => sum + at(s, t, 0, column) * at(s, k, 1, column), 0) /
            Math.sqrt(headWidth),
        );
        const greatest = Math.max(...scores);
        const weights = scores.map((score) => Math.exp(score - greatest));
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        for (const column of columns) {
          y.push(weights.reduce((sum, weight, k) => sum + weight * at(s, k, 2, column), 0) / (total || 1));
        }
      }
    }
  }
  return y;
}

interface Case {
  readonly heads: number;
  readonly headWidth: number;
  readonly length: number;
  readonly causal: boolean;
  readonly counts: readonly number[];
}

const CASES: readonly Case[] = [
  { heads: 3, headWidth: 4, length: 7, causal: true, counts: [7, 7] },
  { heads: 3, headWidth: 4, length: 7, causal: false, counts: [7, 4] },
  // Widths that are not multiples of four are loaded value by value.
  { heads: 2, headWidth: 5, length: 9, causal: false, counts: [1, 9, 6] },
  // Few queries: the keys are split among a workgroup.
  { heads: 2, headWidth: 8, length: 3, causal: true, counts: [3, 3] },
  { heads: 2, headWidth: 7, length: 4, causal: false, counts: [4, 2] },
  // An odd number of queries, more than a workgroup.
  { heads: 2, headWidth: 32, length: 131, causal: true, counts: [131] },
  { heads: 1, headWidth: 6, length: 37, causal: true, counts: [37, 30] },
  { heads: 1, headWidth: 20, length: 70, causal: false, counts: [70, 33] },
  { heads: 1, headWidth: 48, length: 21, causal: true, counts: [21] },
];

describeOnEachDevice(() => {
  test.each(CASES)('%o', async ({ heads, headWidth, length, causal, counts }) => {
    const batch = counts.length;
    const width = heads * headWidth;
    // Spread scores, so that the running maximum changes.
    const values = seededNormal(batch * length * 3 * width, 5).map((value) => value * 2);
    const tensor = matrix(values, [batch * length, 3 * width]);
    const keyCounts = ints(...counts);
    const role = (index: number): HeadVectors => ({ tensor, stride: 3 * width, offset: index * width });
    const shape = { batch, heads, headWidth, queryCount: length, keyRows: length, past: 0, causal };
    const y = attention(role(0), role(1), role(2), keyCounts, shape);
    expectAllClose(await readFloats(y), reference(values, shape, counts), { absolute: 2e-5 });
    tf.dispose([tensor, keyCounts, y]);
  });

  test('a sequence of padding alone gives zeros', async () => {
    const tensor = matrix(seededNormal(12 * 12, 7), [12, 12]);
    const keyCounts = ints(0);
    const role = (index: number): HeadVectors => ({ tensor, stride: 12, offset: index * 4 });
    for (const queryCount of [2, 12]) {
      const y = attention(role(0), role(1), role(2), keyCounts, {
        batch: 1,
        heads: 1,
        headWidth: 4,
        queryCount,
        keyRows: 12,
        past: 0,
        causal: false,
      });
      expectAllClose(await readFloats(y), new Float32Array(queryCount * 4));
      y.dispose();
    }
    tf.dispose([tensor, keyCounts]);
  });

  test.each([1, 6, 40])(
    'the last %i queries of 50, after a cache, equal those of the whole sequence',
    async (count) => {
      const [heads, headWidth, length] = [2, 8, 50];
      const width = heads * headWidth;
      const values = seededNormal(length * 3 * width, 6);
      const all = matrix(values, [length, 3 * width]);
      const cache = () => matrix(new Float32Array(60 * width), [60, width]);
      const [keys, cached] = [cache(), cache()];
      copyColumns(all, width, keys, 0);
      copyColumns(all, 2 * width, cached, 0);
      const past = length - count;
      const queries = matrix(values.slice(past * 3 * width), [count, 3 * width]);
      const counts = ints(length);
      const shape = { batch: 1, heads, headWidth, queryCount: count, keyRows: 60, past, causal: true };
      const y = attention(
        { tensor: queries, stride: 3 * width, offset: 0 },
        { tensor: keys, stride: width, offset: 0 },
        { tensor: cached, stride: width, offset: 0 },
        counts,
        shape,
      );
      const whole = reference(values, { ...shape, queryCount: length, past: 0 }, [length]);
      expectAllClose(await readFloats(y), whole.slice(past * width), { absolute: 2e-5 });
      tf.dispose([all, keys, cached, queries, counts, y]);
    },
  );
});
