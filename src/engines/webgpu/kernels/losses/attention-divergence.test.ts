import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { openNodeGpu } from '../../node-gpu';
import { readFloats, uploadTensor } from '../../transfer';
import { expectAllClose, seededNormal } from '../../../../testing/allclose';
import { derivatives } from '../../../../testing/finite-differences';
import { attentionDivergences } from './attention-divergence';

beforeAll(() => openNodeGpu());

const HEADS = 3;
const [SCALE, TEACHER_SCALE] = [0.4, 0.7];

function logSoftmax(scores: Float64Array): Float64Array {
  const logSum = Math.log(scores.reduce((sum, score) => sum + Math.exp(score), 0));
  return scores.map((score) => score - logSum);
}

/** Divergence of one row of scores over the visible keys, in float64. */
function divergence(student: Float64Array, teacher: Float64Array): number {
  const given = logSoftmax(student.map((score) => SCALE * score));
  const taught = logSoftmax(teacher.map((score) => TEACHER_SCALE * score));
  return taught.reduce((sum, log, key) => sum + Math.exp(log) * (log - given[key]), 0);
}

describe.each([
  [7, [7, 4], true],
  [7, [1, 7], false],
  [33, [33, 20], true],
])('%i tokens, of which %j are there; causal: %s', (length, counts, causal) => {
  const matrices = counts.length * HEADS;
  const size = matrices * length * length;
  const values = seededNormal(size, 3).map((value) => 3 * value);
  const taught = seededNormal(size, 4).map((value) => 3 * value);
  const seenOf = (row: number) => {
    const query = row % length;
    const count = counts[Math.floor(row / (HEADS * length))];
    if (query >= count) return 0;
    return causal ? query + 1 : count;
  };

  test('divergences, and their gradient by central differences in float64', async () => {
    const upload = (data: Float32Array) => uploadTensor(data, [matrices, length, length]);
    const keyCounts = uploadTensor(Int32Array.from(counts), [counts.length]);
    const [student, teacher] = [upload(values), upload(taught)];
    const options = { heads: HEADS, scale: SCALE, teacherScale: TEACHER_SCALE, keyCounts, causal };
    const { divergences, changes } = attentionDivergences(student, teacher, options);
    const [found, gradient] = [await readFloats(divergences), await readFloats(changes)];
    for (let row = 0; row < matrices * length; row++) {
      const seen = seenOf(row);
      const [start, end] = [row * length, row * length + seen];
      const [ofStudent, ofTeacher] = [values, taught].map((data) =>
        Float64Array.from(data.subarray(start, end)),
      );
      const expected = seen === 0 ? 0 : divergence(ofStudent, ofTeacher);
      expectAllClose(found.subarray(row, row + 1), [expected], { absolute: 2e-6, relative: 1e-5 });
      const byScores = derivatives((scores) => divergence(scores, ofTeacher), ofStudent);
      const unseen = new Float64Array(length - seen);
      expectAllClose(gradient.subarray(start, start + length), [...byScores, ...unseen], {
        absolute: 1e-6,
        relative: 1e-5,
      });
    }
    tf.dispose([student, teacher, keyCounts, divergences, changes]);
  });
});

test('equal scores have no divergence, and nothing to change', async () => {
  const scores = uploadTensor(seededNormal(3 * 25, 1), [3, 5, 5]);
  const keyCounts = uploadTensor(Int32Array.of(5), [1]);
  const options = { heads: HEADS, scale: SCALE, teacherScale: SCALE, keyCounts, causal: true };
  const { divergences, changes } = attentionDivergences(scores, scores, options);
  expect((await readFloats(divergences)).every((value) => value < 1e-6)).toBe(true);
  expect((await readFloats(changes)).every((value) => value === 0)).toBe(true);
  tf.dispose([scores, keyCounts, divergences, changes]);
});
