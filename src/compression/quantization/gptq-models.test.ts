import { beforeAll, describe, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { loadModel } from '../../model/load-model';
import fixture from '../../testing/fixtures/calibration.json';
import { openFolder } from '../../testing/folder-checkpoint';
import { applyRecipe } from '../recipe/apply-recipe';
import { METHODS } from '../methods';
import { checkRecipe } from '../recipe/recipe';

beforeAll(() => openNodeGpu());

const pruned = { method: 'magnitude-pruning', parameters: { sparsity: 0.5 } };
const twoOfFour = { method: 'magnitude-pruning', parameters: { pattern: '2:4' } };
const lowRank = { method: 'low-rank', parameters: { rank: 6 } };

describe.each(['gpt2', 'bert'] as const)('every linear of %s', (family) => {
  test.each([
    { before: [], form: 'quantized', bits: 4, share: 1 },
    { before: [], form: 'quantized', bits: 3, share: 1 },
    { before: [pruned], form: 'sparse', bits: 4, share: 0.5 },
    { before: [twoOfFour], form: 'n-of-m', bits: 2, share: 0.5 },
    { before: [lowRank], form: 'quantized', bits: 4, share: 1 },
  ])('$form, $bits bits, after $before', async ({ before, form, bits, share }) => {
    const base = await loadModel(await openFolder(`src/testing/fixtures/tiny-${family}`));
    const steps = [...before, { method: 'gptq', parameters: { bits } }];
    const recipe = checkRecipe(
      { name: 'rounded', steps: steps.map((step) => ({ targets: ['Linear'], ...step })) },
      METHODS,
    );
    const ids = Int32Array.from(fixture[family].ids[0]);
    const calibration = { text: 'a text', batches: [{ ids, batch: 1, length: ids.length }] };
    const { model } = await applyRecipe(base, recipe, { calibration });
    for (const name of base.blockLinears) {
      const weight = model.linears.get(name)!;
      expect(weight.format).toBe(form);
      expect(weight.attributes().values).toMatchObject({ bits, symmetric: false });
      // Remaining weights that were rounded to 0 take no space.
      expect(weight.parameters).toBeLessThanOrEqual(share * weight.shape[0] * weight.shape[1]);
      const kept = await base.linears.get(name)!.dense();
      const dense = await weight.dense();
      expect(dense.some((value, index) => value !== 0 && value !== kept[index])).toBe(true);
      for (const value of dense) expect(value).not.toBeNaN();
    }
    model.dispose();
    base.dispose();
  });
});
