import { beforeAll, describe, expect, test } from 'vitest';
import { openNodeGpu } from '../../gpu/node-gpu';
import { readFloats } from '../../gpu/transfer';
import type { Model } from '../../model/model';
import { recovered, SHORT_RUN, TINY_MODELS, withTiny } from '../../testing/tiny-recipes';
import { breakingAt, meanDivergence, statesInMemory, tinyTrainingData } from '../../testing/tiny-training';

beforeAll(() => openNodeGpu());

const LOW_RANK = { method: 'low-rank', targets: ['Linear'], parameters: { rank: 4 } };
const taught = (parameters: object = {}) => ({
  method: 'meta-distillation',
  targets: ['Linear'],
  parameters: { ...SHORT_RUN, ...parameters },
});

const SIX_STEPS = { steps: 6, keepStateEvery: 2 };

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
      const after = await recovered(base, [LOW_RANK, taught()]);
      expect(await meanDivergence(base, after)).toBeLessThan(0.9 * (await meanDivergence(base, before)));
      for (const [module, { form, storedBytes }] of before.linears)
        expect(after.linears.get(module)!, module).toMatchObject({ form, storedBytes });
      expect(await weightsOf(base)).toEqual(given);
      before.dispose();
      after.dispose();
    }));
});

test('a run that broke off ends as if it had not', () =>
  withTiny('tiny-gpt2', async (base) => {
    const steps = [LOW_RANK, taught({ ...SIX_STEPS, teacherLearningRate: 0.5 })];
    const whole = await recovered(base, steps);
    const states = statesInMemory();
    const breaking = breakingAt(await tinyTrainingData(base), 5);
    const statesOf = () => states;
    await expect(recovered(base, steps, { data: breaking, statesOf })).rejects.toThrow('device was lost');
    const resumed = await recovered(base, steps, { statesOf });
    expect(await weightsOf(resumed)).toEqual(await weightsOf(whole));
    for (const model of [whole, resumed]) model.dispose();
  }));

test('a teacher that stays where it is teaches as the base does', () =>
  withTiny('tiny-gpt2', async (base) => {
    const distilled = { ...taught(SIX_STEPS), method: 'knowledge-distillation' };
    const [still, moving, plain] = [
      await recovered(base, [LOW_RANK, taught({ ...SIX_STEPS, teacherLearningRate: 0 })]),
      await recovered(base, [LOW_RANK, taught({ ...SIX_STEPS, teacherLearningRate: 1 })]),
      await recovered(base, [LOW_RANK, distilled]),
    ];
    const [same, other] = [await meanDivergence(plain, still), await meanDivergence(plain, moving)];
    expect(same).toBeLessThan(1e-6);
    expect(other).toBeGreaterThan(1e-3);
    for (const model of [still, moving, plain]) model.dispose();
  }));

test('a lesson that teaches nothing is refused', () =>
  withTiny('tiny-gpt2', async (base) => {
    await expect(recovered(base, [taught({ distillationWeight: 0 })])).rejects.toThrow(
      'meta-distillation moves the teacher by what the variant learns from it',
    );
  }));
