import { beforeAll, describe, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import type { Model } from '../../model/model';
import { recovered, SHORT_RUN, TINY_MODELS, withTiny } from '../../testing/tiny-recipes';
import { MemoryTrainingStates } from '../../testing/memory-training-states';
import { failingAt, meanDivergence, tinyTrainingData } from '../../testing/tiny-training';

beforeAll(() => openNodeGpu());

const factorize = (...targets: string[]) => ({ method: 'low-rank', targets, parameters: { rank: 4 } });
const recovery = (parameters: object = {}) => ({
  method: 'factorized-recovery',
  targets: ['re:.*'],
  parameters: { ...SHORT_RUN, hiddenWeight: 0.1, ...parameters },
});

async function leftFactor(model: Model, block: number): Promise<Float32Array> {
  const module = model.blockLinears.filter((name) => name.includes(`.${block}.`))[0];
  return model.linears.get(module)!.factors![0].weight.dense();
}

describe.each(TINY_MODELS)('%s', (name) => {
  test.each([undefined, 1])('factors come nearer to the base, blocks at a time: %s', (blocksAtATime) =>
    withTiny(name, async (base) => {
      const before = await recovered(base, [factorize('Linear')]);
      const after = await recovered(base, [factorize('Linear'), recovery({ blocksAtATime })]);
      expect(await meanDivergence(base, after)).toBeLessThan(0.8 * (await meanDivergence(base, before)));
      for (const [module, weight] of base.linears) {
        if (base.blockLinears.includes(module)) {
          expect(after.linears.get(module)!.format).toBe('low-rank');
        } else {
          expect(await after.linears.get(module)!.dense(), module).toEqual(await weight.dense());
        }
      }
      before.dispose();
      after.dispose();
    }),
  );
});

test('blocks whose turn has not come are unchanged when the run is stopped', () =>
  withTiny('tiny-gpt2', async (base) => {
    let steps = 0;
    const data = await tinyTrainingData(base);
    const before = await recovered(base, [factorize('Linear')]);
    const after = await recovered(base, [factorize('Linear'), recovery({ blocksAtATime: 1 })], {
      data: { ...data, batch: (...given) => data.batch((steps = given[0]), given[1], given[2], given[3]) },
      control: {
        untilRunning: () => Promise.resolve(),
        get isFinishing() {
          return steps === 4;
        },
      },
    });
    expect(await leftFactor(after, 0)).not.toEqual(await leftFactor(before, 0));
    expect(await leftFactor(after, 1)).toEqual(await leftFactor(before, 1));
    before.dispose();
    after.dispose();
  }));

test.each([3, 9])('a run interrupted in step %i ends like an uninterrupted one', (brokenAt) =>
  withTiny('tiny-gpt2', async (base) => {
    const steps = [factorize('Linear'), recovery({ blocksAtATime: 1, keepStateEvery: 2 })];
    const whole = await recovered(base, steps);
    const states = new MemoryTrainingStates();
    const breaking = failingAt(await tinyTrainingData(base), brokenAt);
    const statesOf = () => states;
    await expect(recovered(base, steps, { data: breaking, statesOf })).rejects.toThrow('device was lost');
    const resumed = await recovered(base, steps, { statesOf });
    for (const block of [0, 1])
      expect(await leftFactor(resumed, block)).toEqual(await leftFactor(whole, block));
    whole.dispose();
    resumed.dispose();
  }),
);

test('it is refused without a factorized target, or without matching matrices of the base', () =>
  withTiny('tiny-gpt2', async (base) => {
    await expect(recovered(base, [recovery()])).rejects.toThrow('no target is factorized');
    const pruned = {
      method: 'neuron-pruning',
      targets: ['Linear'],
      parameters: { importance: 'activation', sparsity: 0.5 },
    };
    const steps = [pruned, factorize('Linear'), recovery({ blocksAtATime: 1 })];
    const calibration = { text: 'random tokens', batches: (await tinyTrainingData(base)).heldOut(4, 16) };
    await expect(recovered(base, steps, { calibration })).rejects.toThrow('leave "blocksAtATime" out');
  }));
