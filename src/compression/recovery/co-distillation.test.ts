import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { readFloats } from '../../engines/webgpu/transfer';
import { DenseParameters } from '../../model/gradients/differentiable-weights';
import { sequenceLosses } from '../../model/gradients/sequence-losses';
import { countingSequences } from '../../testing/counting-sequences';
import { recovered, SHORT_RUN, withTiny } from '../../testing/tiny-recipes';
import { TINY_LENGTH } from '../../testing/tiny-training';
import type { TrainingPoint } from '../../train/training-context';

beforeAll(() => openNodeGpu());

const LOW_RANK = { method: 'low-rank', targets: ['Linear'], parameters: { rank: 4 } };
const together = (parameters: object = {}) => ({
  method: 'co-distillation',
  targets: ['Linear'],
  parameters: { ...SHORT_RUN, ...parameters },
});

test('the teacher is returned on request: dense, and better on a text that the base does not know', () =>
  withTiny('tiny-gpt2', async (base) => {
    const points: TrainingPoint[] = [];
    const data = countingSequences(base.config.vocabularySize);
    const parameters = { result: 'teacher', teacherWeight: 0.2, teacherLearningRate: 1 };
    const teacher = await recovered(base, [LOW_RANK, together(parameters)], {
      data,
      onPoint: (point) => points.push(point),
    });
    expect([...teacher.linears.values()].map(({ format }) => format)).toEqual(
      [...base.linears.values()].map(() => 'dense'),
    );
    const heldOut = points.flatMap(({ heldOutLoss }) => heldOutLoss ?? []);
    expect(Math.min(...heldOut)).toBeLessThan(heldOut[0] - 0.3);
    const [text] = data.heldOut(4, TINY_LENGTH);
    const dense = await DenseParameters.of(teacher);
    const losses = tf.tidy(() => tf.mean(sequenceLosses(dense, text)));
    expect((await readFloats(losses))[0]).toBeCloseTo(Math.min(...heldOut), 4);
    losses.dispose();
    dense.dispose();
    teacher.dispose();
  }));

test('a base with another task cannot be the teacher', () =>
  withTiny('tiny-bert-mlm', async (base) => {
    const head = { method: 'classification-head', targets: ['re:.*'], parameters: { labels: 'bad, good' } };
    await expect(recovered(base, [head, together({ distillationWeight: 0 })])).rejects.toThrow(
      'Step 2 (co-distillation) cannot learn a sequence-classification task',
    );
  }));
