import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { recovered, SHORT_RUN, TINY_MODELS, withTiny } from '../../testing/tiny-recipes';
import { meanDivergence } from '../../testing/tiny-training';

beforeAll(() => openNodeGpu());

const aware = (parameters: object) => ({
  method: 'compression-aware-minimizer',
  targets: ['Linear'],
  parameters: { ...SHORT_RUN, ...parameters },
});

test.each([
  ...TINY_MODELS.map((name) => [name, { pattern: '2:4' }, true, 'n-of-m'] as const),
  ['tiny-gpt2', { sparsity: 0.75 }, false, 'sparse'] as const,
])('%s by %j, plus %s: nearer to the base than pruned without training', (name, pruning, plus, form) =>
  withTiny(name, async (base) => {
    const atOnce = await recovered(base, [
      { method: 'magnitude-pruning', targets: ['Linear'], parameters: pruning },
    ]);
    const trained = await recovered(base, [aware({ ...pruning, plus })]);
    expect(await meanDivergence(base, trained)).toBeLessThan(0.9 * (await meanDivergence(base, atOnce)));
    for (const module of base.blockLinears) {
      const [left, right] = [atOnce, trained].map((model) => model.linears.get(module)!);
      expect(right.format).toBe(form);
      expect(right.parameters).toBe(left.parameters);
    }
    atOnce.dispose();
    trained.dispose();
  }),
);

test('targets that cannot be pruned are refused', () =>
  withTiny('tiny-gpt2', async (base) => {
    await expect(recovered(base, [aware({})])).rejects.toThrow('needs a "sparsity"');
    await expect(recovered(base, [aware({ pattern: '2:5' })])).rejects.toThrow('choose an M that divides 24');
  }));
