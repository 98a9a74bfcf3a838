import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { recovered, SHORT_RUN, TINY_MODELS, withTiny } from '../../testing/tiny-recipes';
import { meanDivergence } from '../../testing/tiny-training';

beforeAll(() => openNodeGpu());

const aware = (parameters: object = {}) => ({
  method: 'quantization-aware-training',
  targets: ['Linear'],
  parameters: { ...SHORT_RUN, peakLearningRate: 0.003, bits: 2, ...parameters },
});

const rounded = (parameters: object) => ({ method: 'round-to-nearest', targets: ['Linear'], parameters });

test.each([
  ...TINY_MODELS.map((name) => [name, {}, { bits: 2 }] as const),
  ['tiny-gpt2', { groupSize: 8 }, { bits: 2, strategy: 'group', groupSize: 8 }],
  ['tiny-gpt2', { noise: 0.5 }, { bits: 2 }],
  ['tiny-gpt2', { noise: 0.5, noiseBlock: 8 }, { bits: 2 }],
  ['tiny-gpt2', { symmetric: false }, { bits: 2, symmetric: false }],
] as const)(
  '%s with %j: as large as rounding to nearest, and nearer to the base',
  (name, parameters, atOnce) =>
    withTiny(name, async (base) => {
      const before = await recovered(base, [rounded(atOnce)]);
      const after = await recovered(base, [aware(parameters)]);
      expect(await meanDivergence(base, after)).toBeLessThan(0.9 * (await meanDivergence(base, before)));
      for (const module of base.blockLinears) {
        const [left, right] = [before, after].map((model) => model.linears.get(module)!);
        expect(right.format).toBe('quantized');
        expect(right.storedBytes).toBe(left.storedBytes);
      }
      before.dispose();
      after.dispose();
    }),
);

test('zeros stay zero, and factors are rounded separately', () =>
  withTiny('tiny-gpt2', async (base) => {
    const [first, second] = ['transformer.h.0.mlp.c_fc', 'transformer.h.1.mlp.c_fc'];
    const steps = [
      { method: 'magnitude-pruning', targets: [first], parameters: { pattern: '2:4' } },
      { method: 'low-rank', targets: [second], parameters: { rank: 8 } },
    ];
    const before = await recovered(base, steps);
    const after = await recovered(base, [...steps, aware({ bits: 8 })]);
    const [pruned, trained] = [before, after].map((model) => model.linears.get(first)!);
    expect(trained.format).toBe('n-of-m');
    expect(trained.storedBytes).toBeLessThan(pruned.storedBytes);
    const zeros = await pruned.dense();
    (await trained.dense()).forEach((value, index) => zeros[index] || expect(value).toBe(0));
    const factors = after.linears.get(second)!.factors!;
    expect(factors.map(({ weight }) => weight.format)).toEqual(['quantized', 'quantized']);
    before.dispose();
    after.dispose();
  }));

test('noise is drawn by the seed', () =>
  withTiny('tiny-gpt2', async (base) => {
    const weights = async (parameters: object) => {
      const model = await recovered(base, [aware({ steps: 4, ...parameters })]);
      const values = await model.linears.get('transformer.h.0.attn.c_attn')!.dense();
      model.dispose();
      return values;
    };
    const first = await weights({ noise: 0.5 });
    expect(await weights({ noise: 0.5 })).toEqual(first);
    expect(await weights({ noise: 0.6 })).not.toEqual(first);
    expect(await weights({ noise: 0.5, noiseBlock: 8 })).not.toEqual(first);
  }));

test('group sizes that do not divide a matrix, and quantized matrices, are refused', () =>
  withTiny('tiny-gpt2', async (base) => {
    await expect(recovered(base, [aware({ groupSize: 7 })])).rejects.toThrow(
      'choose a "groupSize" that divides',
    );
    await expect(recovered(base, [rounded({}), aware()])).rejects.toThrow('needs dense matrices');
  }));
