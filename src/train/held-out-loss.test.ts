import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../engines/webgpu/node-gpu';
import { withNextTokens } from '../model/gradients/training-batch';
import fixture from '../testing/fixtures/tiny-gpt2/expected.json';
import { withTinyStudent } from '../testing/tiny-student';
import { fineTuning } from './fine-tuning-objective';
import { heldOutLoss } from './held-out-loss';
import type { Objective } from './objective';

beforeAll(() => openNodeGpu());

/** Window 16 and stride 16 of the tiny GPT-2's text: each of PyTorch's windows is one sequence; the last is shorter. */
const { ids, perplexity } = fixture;
const reference = perplexity.find(({ window, stride }) => window === 16 && stride === 16)!;

function windows() {
  const rows: number[][] = [];
  for (let start = 0; start < ids.length; start += 16) rows.push(ids.slice(start, start + 16));
  return rows.map((row) => withNextTokens({ ids: Int32Array.from(row), batch: 1, length: row.length }));
}

test("all targets have equal weight regardless of sequence length: PyTorch's perplexity", () =>
  withTinyStudent(async (student) => {
    const loss = await heldOutLoss(student, fineTuning, windows());
    expect(loss).toBeCloseTo(reference.meanLoss, 4);
  }));

test('unlabelled sentences are measured by the objective with equal weight', () =>
  withTinyStudent(async (student) => {
    const objective: Objective = {
      prepare: ({ batch }) => ({ value: tf.scalar(batch * 10) }),
      loss: (_, __, prepared) => tf.clone((prepared as { value: tf.Scalar }).value),
    };
    const unlabelled = [1, 3].map((batch) => {
      return { ids: new Int32Array(2 * batch), batch, length: 2, targets: new Int32Array(batch).fill(-1) };
    });
    expect(await heldOutLoss(student, objective, unlabelled)).toBeCloseTo((1 * 10 + 3 * 30) / 4, 5);
  }));

test('stops when it is cancelled', () =>
  withTinyStudent(async (student) => {
    const signal = AbortSignal.abort(new Error('Cancelled.'));
    await expect(heldOutLoss(student, fineTuning, windows(), signal)).rejects.toThrow('Cancelled.');
  }));
