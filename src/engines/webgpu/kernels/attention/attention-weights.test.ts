import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { openNodeGpu } from '../../node-gpu';
import { readFloats, uploadTensor } from '../../transfer';
import { expectAllClose, seededNormal } from '../../../../testing/allclose';
import { attentionScoresGradient, attentionWeights } from './attention-weights';

beforeAll(() => openNodeGpu());

const HEADS = 3;
const SCALE = 0.4;

/** Softmax of the first `visible` scores of one row, in float64. */
function softmax(scores: ArrayLike<number>, visible: number): number[] {
  const powers = Array.from(scores, (score, key) => (key < visible ? Math.exp(SCALE * score) : 0));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

describe.each([
  [7, [7, 4], true],
  [7, [1, 7], false],
  [33, [33, 20], true],
])('%i tokens, of which %j are there; causal: %s', (length, counts, causal) => {
  const size = counts.length * HEADS * length * length;
  const values = seededNormal(size, 3).map((value) => 3 * value);
  const changes = seededNormal(size, 4);
  const rows = size / length;
  const visibleOf = (row: number) => {
    const count = counts[Math.floor(row / (HEADS * length))];
    return causal ? Math.min(count, (row % length) + 1) : count;
  };
  const row = (data: Float32Array, index: number) => data.subarray(index * length, (index + 1) * length);

  test('weights, and the gradient by central differences in float64', async () => {
    const upload = (data: Float32Array) => uploadTensor(data, [counts.length * HEADS, length, length]);
    const keyCounts = uploadTensor(Int32Array.from(counts), [counts.length]);
    const options = { heads: HEADS, scale: SCALE, keyCounts, causal };
    const [scores, change] = [upload(values), upload(changes)];
    const weights = attentionWeights(scores, options);
    const gradient = attentionScoresGradient(weights, change, options);
    const [found, ofScores] = [await readFloats(weights), await readFloats(gradient)];
    for (let index = 0; index < rows; index++) {
      const visible = visibleOf(index);
      const scored = Array.from(row(values, index));
      expectAllClose(row(found, index), softmax(scored, visible), { absolute: 1e-6, relative: 1e-5 });
      const loss = (of: number[]) =>
        softmax(of, visible).reduce((sum, weight, key) => sum + weight * row(changes, index)[key], 0);
      const differences = scored.map((_, key) => {
        const moved = (by: number) =>
          loss(scored.map((score, other) => (other === key ? score + by : score)));
        return (moved(1e-4) - moved(-1e-4)) / 2e-4;
      });
      expectAllClose(row(ofScores, index), differences, { absolute: 2e-6, relative: 1e-4 });
    }
    expect(found.every(Number.isFinite)).toBe(true);
    tf.dispose([scores, change, weights, gradient, keyCounts]);
  });
});
