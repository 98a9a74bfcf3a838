import { beforeAll, describe, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { recovered, SHORT_RUN, TINY_MODELS, withTiny } from '../../testing/tiny-recipes';
import { MemoryTrainingStates } from '../../testing/memory-training-states';
import { failingAt, meanDivergence, tinyTrainingData } from '../../testing/tiny-training';
import { weightsOfModel } from '../../testing/weights-of-model';

beforeAll(() => openNodeGpu());

const LOW_RANK = { method: 'low-rank', targets: ['Linear'], parameters: { rank: 4 } };
const trained = (method: string, parameters: object) => [
  LOW_RANK,
  { method, targets: ['Linear'], parameters: { ...SHORT_RUN, ...parameters } },
];

describe.each(TINY_MODELS)('%s', (name) => {
  test.each([
    ['co-distillation', { teacherLearningRate: 0.02 }],
    ['meta-distillation', {}],
  ])(
    '%s brings the variant nearer to the base in its own format, and the base does not change',
    (method, parameters) =>
      withTiny(name, async (base) => {
        const given = await weightsOfModel(base);
        const before = await recovered(base, [LOW_RANK]);
        const after = await recovered(base, trained(method, parameters));
        expect(await meanDivergence(base, after)).toBeLessThan(0.9 * (await meanDivergence(base, before)));
        for (const [module, { format, storedBytes }] of before.linears)
          expect(after.linears.get(module)!, module).toMatchObject({ format, storedBytes });
        expect(await weightsOfModel(base)).toEqual(given);
        before.dispose();
        after.dispose();
      }),
  );
});

test.each([
  ['co-distillation', { result: 'student' }],
  ['co-distillation', { result: 'teacher' }],
  ['meta-distillation', {}],
])('a run of %s %j that was interrupted ends like an uninterrupted one', (method, parameters) =>
  withTiny('tiny-gpt2', async (base) => {
    const often = { steps: 6, keepStateEvery: 2, evaluateEvery: 2, teacherLearningRate: 0.5 };
    const steps = trained(method, { ...often, ...parameters });
    const whole = await recovered(base, steps);
    const states = new MemoryTrainingStates();
    const breaking = failingAt(await tinyTrainingData(base), 5);
    const statesOf = () => states;
    await expect(recovered(base, steps, { data: breaking, statesOf })).rejects.toThrow('device was lost');
    const resumed = await recovered(base, steps, { statesOf });
    expect(await weightsOfModel(resumed)).toEqual(await weightsOfModel(whole));
    whole.dispose();
    resumed.dispose();
  }),
);
