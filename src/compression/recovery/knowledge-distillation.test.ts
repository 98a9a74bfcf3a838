import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { readFloats } from '../../engines/webgpu/transfer';
import type { Model } from '../../model/model';
import { recovered, SHORT_RUN, TINY_MODELS, withTiny } from '../../testing/tiny-recipes';
import { meanDivergence } from '../../testing/tiny-training';
import type { TrainingPoint } from '../../train/training-context';
import { applyRecipe } from '../recipe/apply-recipe';
import { METHODS } from '../methods';
import { checkRecipe } from '../recipe/recipe';

beforeAll(() => openNodeGpu());

const distilled = (parameters: object = {}) => ({
  method: 'knowledge-distillation',
  targets: ['Linear'],
  parameters: { ...SHORT_RUN, ...parameters },
});

const LOW_RANK = { method: 'low-rank', targets: ['Linear'], parameters: { rank: 4 } };

const FORMATS = {
  kronecker: { terms: 1, aShape: ['1/2', '1'] },
  'tensor-train': { rows: ['1/4', '4'], columns: ['1/4', '4'], maxRank: 4 },
  'magnitude-pruning': { pattern: '2:4' },
  'round-to-nearest': { bits: 2 },
};

async function expectRecovery(base: Model, step: object): Promise<void> {
  const before = await recovered(base, [step]);
  const after = await recovered(base, [step, distilled()]);
  expect(await meanDivergence(base, after)).toBeLessThan(0.9 * (await meanDivergence(base, before)));
  for (const [module, weight] of before.linears) {
    const trained = after.linears.get(module)!;
    expect(trained.format, module).toBe(weight.format);
    expect(trained.storedBytes, module).toBe(weight.storedBytes);
  }
  before.dispose();
  after.dispose();
}

test.each(TINY_MODELS)('%s comes nearer to the base', (name) =>
  withTiny(name, (base) => expectRecovery(base, LOW_RANK)),
);

test.each(Object.entries(FORMATS))('%s comes nearer to the base in its own format', (method, parameters) =>
  withTiny('tiny-gpt2', (base) => expectRecovery(base, { method, targets: ['Linear'], parameters })),
);

test('targets and vectors train, everything else does not change', () =>
  withTiny('tiny-gpt2', async (base) => {
    const module = 'transformer.h.1.mlp.c_fc';
    const lowRank = { ...LOW_RANK, targets: [module] };
    const before = await recovered(base, [lowRank]);
    const after = await recovered(base, [lowRank, { ...distilled(), targets: [module] }]);
    for (const [name, weight] of before.linears) {
      const isSame = expect.soft(await after.linears.get(name)!.dense(), name);
      if (name === module) isSame.not.toEqual(await weight.dense());
      else isSame.toEqual(await weight.dense());
    }
    for (const [name, vector] of before.vectors)
      expect.soft(await readFloats(after.vectors.get(name)!), name).not.toEqual(await readFloats(vector));
    before.dispose();
    after.dispose();
  }));

test('without a teacher, it trains on the text alone', () =>
  withTiny('tiny-gpt2', async (base) => {
    const before = await recovered(base, [LOW_RANK]);
    const after = await recovered(base, [LOW_RANK, distilled({ distillationWeight: 0 })]);
    // The text consists of the base's most likely tokens.
    expect(await meanDivergence(base, after)).toBeLessThan(0.9 * (await meanDivergence(base, before)));
    before.dispose();
    after.dispose();
  }));

test('the same recipe gives the same weights, another seed others', () =>
  withTiny('tiny-gpt2', async (base) => {
    const weightsWith = async (seed: number) => {
      const model = await recovered(base, [LOW_RANK, distilled({ steps: 4, seed })]);
      const values = await model.linears.get('transformer.h.0.attn.c_attn')!.dense();
      model.dispose();
      return values;
    };
    const first = await weightsWith(0);
    expect(await weightsWith(0)).toEqual(first);
    expect(await weightsWith(1)).not.toEqual(first);
  }));

test('a run that diverges reports it, and returns the best state', () =>
  withTiny('tiny-gpt2', async (base) => {
    const points: TrainingPoint[] = [];
    const wild = { steps: 60, peakLearningRate: 1, hiddenWeight: 1 };
    const before = await recovered(base, [LOW_RANK]);
    const after = await recovered(base, [LOW_RANK, distilled(wild)], {
      onPoint: (point) => points.push(point),
    });
    expect(points.at(-1)!.note).toContain('diverged at step');
    expect(await meanDivergence(base, after)).toBeLessThanOrEqual(await meanDivergence(base, before));
    before.dispose();
    after.dispose();
  }));

test('without a text to train on, or with sequences beyond the context, it is refused', () =>
  withTiny('tiny-gpt2', async (base) => {
    await expect(recovered(base, [distilled({ sequenceLength: 33 })])).rejects.toThrow(
      'knowledge-distillation cannot train on sequences of 33 tokens: this model has 32 positions; use a "sequenceLength" of at most 32.',
    );
    await expect(recovered(base, [distilled({ accumulation: 5 })])).rejects.toThrow('at most 4');
    const recipe = checkRecipe({ name: 'no text', steps: [distilled()] }, METHODS);
    await expect(applyRecipe(base, recipe)).rejects.toThrow('add a training text to the recipe');
  }));
