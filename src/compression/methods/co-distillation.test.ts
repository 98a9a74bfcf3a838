import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { openNodeGpu } from '../../gpu/node-gpu';
import { readFloats } from '../../gpu/transfer';
import type { Model } from '../../model/model';
import { DenseParameters } from '../../model/gradients/differentiable-weights';
import { sequenceLosses } from '../../model/gradients/sequence-losses';
import { countingSequences } from '../../testing/counting-sequences';
import { recovered, SHORT_RUN, TINY_MODELS, withTiny } from '../../testing/tiny-recipes';
import {
  breakingAt,
  meanDivergence,
  statesInMemory,
  TINY_LENGTH,
  tinyTrainingData,
} from '../../testing/tiny-training';
import type { TrainingPoint } from '../../train/training-context';

beforeAll(() => openNodeGpu());

const LOW_RANK = { method: 'low-rank', targets: ['Linear'], parameters: { rank: 4 } };
const together = (parameters: object = {}) => ({
  method: 'co-distillation',
  targets: ['Linear'],
  parameters: { ...SHORT_RUN, ...parameters },
});

async function weightsOf({ linears, vectors }: Model): Promise<Record<string, Float32Array>> {
  const weights: Record<string, Float32Array> = {};
  for (const [name, weight] of linears) weights[name] = await weight.dense();
  for (const [name, vector] of vectors) weights[name] = await readFloats(vector);
  return weights;
}

describe.each(TINY_MODELS)('%s', (name) => {
  test('the variant comes nearer to the base in its own form, and the base stays as it is', () =>
    withTiny(name, async (base) => {
      const given = await weightsOf(base);
      const before = await recovered(base, [LOW_RANK]);
      const after = await recovered(base, [LOW_RANK, together({ teacherLearningRate: 0.02 })]);
      expect(await meanDivergence(base, after)).toBeLessThan(0.9 * (await meanDivergence(base, before)));
      for (const [module, { form, storedBytes }] of before.linears)
        expect(after.linears.get(module)!, module).toMatchObject({ form, storedBytes });
      expect(await weightsOf(base)).toEqual(given);
      before.dispose();
      after.dispose();
    }));
});

test('the teacher is kept where that was asked for: dense, and better on a text that the base does not know', () =>
  withTiny('tiny-gpt2', async (base) => {
    const points: TrainingPoint[] = [];
    const data = countingSequences(base.config.vocabularySize);
    const parameters = { result: 'teacher', teacherWeight: 0.2, teacherLearningRate: 1 };
    const teacher = await recovered(base, [LOW_RANK, together(parameters)], {
      data,
      onPoint: (point) => points.push(point),
    });
    expect([...teacher.linears.values()].map(({ form }) => form)).toEqual(
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

test.each(['student', 'teacher'])('a run for the %s that broke off ends as if it had not', (result) =>
  withTiny('tiny-gpt2', async (base) => {
    const parameters = { result, teacherLearningRate: 0.5, steps: 6, keepStateEvery: 2, evaluateEvery: 2 };
    const steps = [LOW_RANK, together(parameters)];
    const whole = await recovered(base, steps);
    const states = statesInMemory();
    const breaking = breakingAt(await tinyTrainingData(base), 5);
    const statesOf = () => states;
    await expect(recovered(base, steps, { data: breaking, statesOf })).rejects.toThrow('device was lost');
    const resumed = await recovered(base, steps, { statesOf });
    expect(await weightsOf(resumed)).toEqual(await weightsOf(whole));
    whole.dispose();
    resumed.dispose();
  }),
);

test('a base of another task is no teacher', () =>
  withTiny('tiny-bert-mlm', async (base) => {
    const head = { method: 'classification-head', targets: ['re:.*'], parameters: { labels: 'bad, good' } };
    await expect(recovered(base, [head, together({ distillationWeight: 0 })])).rejects.toThrow(
      'Step 2 (co-distillation) cannot learn a sequence-classification task',
    );
  }));
