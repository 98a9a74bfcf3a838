import { beforeAll, describe, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import type { Model } from '../../model/model';
import type { Mixture } from '../../model/structure';
import { recovered, SHORT_RUN, TINY_MODELS, withTiny } from '../../testing/tiny-recipes';
import { MemoryTrainingStates } from '../../testing/memory-training-states';
import { failingAt, meanDivergence, tinyTrainingData } from '../../testing/tiny-training';

beforeAll(() => openNodeGpu());

const mixture = (parameters: object = {}, targets = ['Linear']) => ({
  method: 'mixture-of-experts',
  targets,
  parameters: { ...SHORT_RUN, peakLearningRate: 3e-3, experts: 3, importanceSequences: 4, ...parameters },
});

/** Its best step is the first, before any training. */
const UNTRAINED = { steps: 1, warmupSteps: 0, peakLearningRate: 1e-12, finalShare: 1 };

function mixturesOf(model: Model): (Mixture | undefined)[] {
  return model.config.structure.blocks.map((block) => block.mixture);
}

async function valuesOf(model: Model): Promise<Map<string, Float32Array>> {
  const values = new Map<string, Float32Array>();
  for (const module of model.blockLinears) values.set(module, await model.linears.get(module)!.dense());
  return values;
}

/** Neurons of each expert. */
function dealtOut({ neurons, experts }: Mixture): number[][] {
  const size = neurons.length / experts;
  return Array.from({ length: experts }, (_, expert) => neurons.slice(expert * size, (expert + 1) * size));
}

describe.each(TINY_MODELS)('%s', (name) => {
  test('its experts learn the function of the whole layers', () =>
    withTiny(name, async (base) => {
      const before = await recovered(base, [mixture(UNTRAINED)]);
      const trained = await recovered(base, [mixture()]);
      expect(mixturesOf(trained)).toEqual(mixturesOf(before));
      expect(await meanDivergence(base, trained)).toBeLessThan(0.9 * (await meanDivergence(base, before)));
      const { feedForwardWidth, vocabularySize } = base.config;
      const size = feedForwardWidth / 4;
      for (const parts of mixturesOf(trained)) {
        const experts = dealtOut(parts!);
        expect(experts.map((expert) => new Set(expert).size)).toEqual([size, size, size]);
        const shared = experts[0].filter((neuron) => experts.every((expert) => expert.includes(neuron)));
        expect(shared.length).toBe(Math.round(0.67 * size));
        expect(parts!.routing.length).toBe(vocabularySize);
        expect(new Set(parts!.routing)).toEqual(new Set(['0', '1', '2']));
      }
      const [first, second] = mixturesOf(trained);
      expect(first!.routing).not.toBe(second!.routing);
      before.dispose();
      trained.dispose();
    }));
});

test('one expert of the whole layer is the layer itself', () =>
  withTiny('tiny-gpt2', async (base) => {
    const whole = { experts: 1, expertSize: 1, sharedNeurons: 0.5 };
    const one = await recovered(base, [mixture({ ...UNTRAINED, ...whole })]);
    expect(await valuesOf(one)).toEqual(await valuesOf(base));
    expect(await meanDivergence(base, one)).toBe(0);
    one.dispose();
  }));

test('layers without targets do not change', () =>
  withTiny('tiny-gpt2', async (base) => {
    const model = await recovered(base, [mixture({}, ['re:.*h\\.1\\.mlp.*'])]);
    const [first, second] = mixturesOf(model);
    expect([first, second?.experts]).toEqual([undefined, 3]);
    const values = await valuesOf(model);
    for (const [module, before] of await valuesOf(base))
      expect(before.every((value, index) => value === values.get(module)![index])).toBe(
        !module.includes('h.1.mlp'),
      );
    model.dispose();
  }));

test('experts can be quantized, and heads of the same block pruned', () =>
  withTiny('tiny-gpt2', async (base) => {
    const quantized = { method: 'round-to-nearest', targets: ['Linear'], parameters: { bits: 8 } };
    const cut = { method: 'skip-sublayers', targets: ['Linear'], parameters: { part: 'attention' } };
    const plain = await recovered(base, [mixture()]);
    const model = await recovered(base, [mixture(), quantized]);
    const withoutAttention = await recovered(base, [mixture(), quantized, cut]);
    expect(mixturesOf(withoutAttention)).toEqual(mixturesOf(plain));
    expect(model.linears.get('transformer.h.0.mlp.c_fc')!.format).toBe('quantized');
    expect(await meanDivergence(plain, model)).toBeLessThan(1e-3);
    for (const each of [plain, model, withoutAttention]) each.dispose();
  }));

test('an interrupted run ends like an uninterrupted one', () =>
  withTiny('tiny-gpt2', async (base) => {
    const steps = [mixture({ keepStateEvery: 3 })];
    const whole = await recovered(base, steps);
    const states = new MemoryTrainingStates();
    const breaking = async () => {
      const data = await tinyTrainingData(base);
      // Frequencies of tokens are counted over all steps in advance.
      let asked = 0;
      const batch: typeof data.batch = (...given) =>
        (given[0] === 7 && ++asked > 1 ? failingAt(data, 7) : data).batch(...given);
      return { ...data, batch };
    };
    const statesOf = () => states;
    await expect(recovered(base, steps, { data: await breaking(), statesOf })).rejects.toThrow(
      'device was lost',
    );
    const resumed = await recovered(base, steps, { statesOf });
    expect(mixturesOf(resumed)).toEqual(mixturesOf(whole));
    expect(await valuesOf(resumed)).toEqual(await valuesOf(whole));
    whole.dispose();
    resumed.dispose();
  }));

test('layers that cannot be split are refused before anything is measured', () =>
  withTiny('tiny-gpt2', async (base) => {
    const refused = (steps: object[]) => expect(recovered(base, steps)).rejects;
    const quantized = { method: 'round-to-nearest', targets: ['Linear'], parameters: {} };
    const pruned = {
      method: 'neuron-pruning',
      targets: ['Linear'],
      parameters: { importance: 'activation' },
    };
    const experts = mixture(UNTRAINED);
    await refused([mixture({ experts: 6, expertSize: 0.5 })]).toThrow(
      'need 128 neurons, but the layer has 96',
    );
    await refused([mixture({}, ['re:.*attn.*'])]).toThrow('no target is part of one');
    await refused([quantized, experts]).toThrow('put mixture-of-experts before');
    await refused([experts, experts]).toThrow('has experts already');
    await expect(
      recovered(base, [experts, pruned], { calibration: { text: 'none', batches: [] } }),
    ).rejects.toThrow('put neuron-pruning before mixture-of-experts');
  }));
