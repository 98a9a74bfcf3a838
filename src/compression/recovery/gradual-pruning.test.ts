import { beforeAll, describe, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import type { Model } from '../../model/model';
import { recovered, SHORT_RUN, TINY_MODELS, withTiny } from '../../testing/tiny-recipes';
import { MemoryTrainingStates } from '../../testing/memory-training-states';
import { failingAt, meanDivergence, tinyTrainingData } from '../../testing/tiny-training';

beforeAll(() => openNodeGpu());

const gradual = (parameters: object = {}) => ({
  method: 'gradual-pruning',
  targets: ['Linear'],
  parameters: { ...SHORT_RUN, sparsity: 0.75, pruneEvery: 2, ...parameters },
});

async function valuesOf(model: Model): Promise<Map<string, Float32Array>> {
  const values = new Map<string, Float32Array>();
  for (const module of model.blockLinears) values.set(module, await model.linears.get(module)!.dense());
  return values;
}

function zerosOf(values: Float32Array): number[] {
  return [...values.keys()].filter((index) => values[index] === 0);
}

describe.each(TINY_MODELS)('%s', (name) => {
  test('it has the requested sparsity, and is nearer to the base than pruning at once', () =>
    withTiny(name, async (base) => {
      const atOnce = await recovered(base, [
        { method: 'magnitude-pruning', targets: ['Linear'], parameters: { sparsity: 0.75 } },
      ]);
      const model = await recovered(base, [gradual()]);
      expect(await meanDivergence(base, model)).toBeLessThan(0.9 * (await meanDivergence(base, atOnce)));
      for (const [module, values] of await valuesOf(model)) {
        expect(model.linears.get(module)!.format).toBe('sparse');
        expect(zerosOf(values).length, module).toBe(0.75 * values.length);
      }
      atOnce.dispose();
      model.dispose();
    }));
});

test('of N:M every group keeps N', () =>
  withTiny('tiny-gpt2', async (base) => {
    const model = await recovered(base, [gradual({ sparsity: undefined, pattern: '2:4' })]);
    for (const [module, values] of await valuesOf(model)) {
      expect(model.linears.get(module)!.format).toBe('n-of-m');
      for (let start = 0; start < values.length; start += 4)
        expect(zerosOf(values.subarray(start, start + 4)).length).toBe(2);
    }
    model.dispose();
  }));

test('under one threshold the share is that of all matrices together', () =>
  withTiny('tiny-gpt2', async (base) => {
    const model = await recovered(base, [gradual({ scope: 'global' })]);
    const shares = [...(await valuesOf(model)).values()].map((values) => [
      zerosOf(values).length,
      values.length,
    ]);
    const [zeros, all] = shares.reduce(([z, a], [zeros, size]) => [z + zeros, a + size], [0, 0]);
    expect(zeros).toBe(0.75 * all);
    expect(new Set(shares.map(([count, size]) => count / size)).size).toBeGreaterThan(1);
    model.dispose();
  }));

test('factors of a factorized matrix are pruned separately', () =>
  withTiny('tiny-gpt2', async (base) => {
    const lowRank = { method: 'low-rank', targets: ['Linear'], parameters: { rank: 8 } };
    const model = await recovered(base, [lowRank, gradual()]);
    for (const module of model.blockLinears) {
      const forms = model.linears.get(module)!.factors!.map(({ weight }) => weight.format);
      expect(forms).toEqual(['sparse', 'sparse']);
    }
    model.dispose();
  }));

test('once locked, the pattern survives further training, also on another task', () =>
  withTiny('tiny-gpt2', async (base) => {
    const tuned = {
      method: 'knowledge-distillation',
      targets: ['Linear'],
      parameters: { ...SHORT_RUN, distillationWeight: 0, seed: 5 },
    };
    const locked = await recovered(base, [gradual()]);
    const after = await recovered(base, [gradual(), tuned]);
    const before = await valuesOf(locked);
    for (const [module, values] of await valuesOf(after)) {
      expect(values).not.toEqual(before.get(module));
      expect(zerosOf(values)).toEqual(zerosOf(before.get(module)!));
    }
    locked.dispose();
    after.dispose();
  }));

test('stopped before the lock, it has the requested sparsity', () =>
  withTiny('tiny-gpt2', async (base) => {
    let steps = 0;
    const data = await tinyTrainingData(base);
    const model = await recovered(base, [gradual()], {
      data: { ...data, batch: (...given) => data.batch((steps = given[0]), given[1], given[2], given[3]) },
      control: {
        untilRunning: () => Promise.resolve(),
        get isFinishing() {
          return steps === 3;
        },
      },
    });
    for (const values of (await valuesOf(model)).values())
      expect(zerosOf(values).length).toBe(0.75 * values.length);
    model.dispose();
  }));

test.each([4, 9])('a run interrupted in step %i ends like an uninterrupted one', (brokenAt) =>
  withTiny('tiny-gpt2', async (base) => {
    const steps = [gradual({ keepStateEvery: 3 })];
    const whole = await recovered(base, steps);
    const states = new MemoryTrainingStates();
    const breaking = failingAt(await tinyTrainingData(base), brokenAt);
    const statesOf = () => states;
    await expect(recovered(base, steps, { data: breaking, statesOf })).rejects.toThrow('device was lost');
    const resumed = await recovered(base, steps, { statesOf });
    expect(await valuesOf(resumed)).toEqual(await valuesOf(whole));
    whole.dispose();
    resumed.dispose();
  }),
);

test('targets that cannot be pruned are refused', () =>
  withTiny('tiny-gpt2', async (base) => {
    const refused = (parameters: object) => expect(recovered(base, [gradual(parameters)])).rejects;
    await refused({ sparsity: undefined }).toThrow('needs a "sparsity"');
    await refused({ sparsity: undefined, pattern: '2:4', scope: 'global' }).toThrow('use the scope "layer"');
    await refused({ sparsity: undefined, pattern: '2:5' }).toThrow('choose an M that divides 24');
    const quantized = { method: 'round-to-nearest', targets: ['Linear'], parameters: {} };
    await expect(recovered(base, [quantized, gradual()])).rejects.toThrow('put gradual-pruning before');
  }));
