import { beforeAll, describe, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { loadModel } from '../../model/load-model';
import fixture from '../../testing/fixtures/calibration.json';
import { openFolder } from '../../testing/folder-checkpoint';
import type { LinearWeight } from '../../weights/linear-weight';
import { applyRecipe } from '../recipe/apply-recipe';
import type { CalibrationSequences } from '../calibration/calibration';
import { METHODS } from '../methods';
import { checkRecipe } from '../recipe/recipe';

beforeAll(() => openNodeGpu());

/** The sequences of the family's fixture, one batch of one sequence each. */
function sequencesOf(family: 'gpt2' | 'bert'): CalibrationSequences {
  const lengths = (fixture[family] as { lengths?: number[] }).lengths;
  const batches = fixture[family].ids.map((ids, index) => ({
    ids: Int32Array.from(ids.slice(0, lengths?.[index])),
    batch: 1,
    length: lengths?.[index] ?? ids.length,
  }));
  return { text: 'a text', batches };
}

/** Applies the steps to every linear of a tiny model's blocks. */
async function linearsAfter(
  family: 'gpt2' | 'bert',
  steps: readonly object[],
  check: (linears: LinearWeight[]) => Promise<void> | void,
): Promise<void> {
  const base = await loadModel(await openFolder(`src/testing/fixtures/tiny-${family}`));
  const recipe = checkRecipe(
    { name: 'pruned', steps: steps.map((step) => ({ targets: ['Linear'], ...step })) },
    METHODS,
  );
  const { model } = await applyRecipe(base, recipe, { calibration: sequencesOf(family) });
  try {
    await check(base.blockLinears.map((name) => model.linears.get(name)!));
  } finally {
    model.dispose();
    base.dispose();
  }
}

describe.each(['gpt2', 'bert'] as const)('on every linear of %s', (family) => {
  test.each([
    ['wanda', { sparsity: 0.5 }, 'sparse'],
    ['wanda', { pattern: '2:4' }, 'n-of-m'],
    ['sparsegpt', { sparsity: 0.5, blockSize: 16 }, 'sparse'],
    ['sparsegpt', { pattern: '2:4', bits: 4 }, 'n-of-m'],
  ])('%s %j', async (method, parameters, form) => {
    await linearsAfter(family, [{ method, parameters }], async (linears) => {
      for (const weight of linears) {
        expect(weight.format).toBe(form);
        expect(weight.parameters).toBe((weight.shape[0] * weight.shape[1]) / 2);
        for (const value of await weight.dense()) expect(value).not.toBeNaN();
      }
    });
  });

  test('after another method and before one', async () => {
    const steps = [
      { method: 'low-rank', parameters: { rank: 6 } },
      { method: 'sparsegpt', parameters: { pattern: '2:4' } },
      { method: 'wanda', parameters: { sparsity: 0.75 } },
      { method: 'round-to-nearest', parameters: { bits: 8 } },
    ];
    await linearsAfter(family, steps, (linears) => {
      for (const weight of linears) {
        expect(weight.format).toBe('sparse');
        expect(weight.attributes().values).toMatchObject({ bits: 8 });
        expect(weight.parameters).toBe((weight.shape[0] * weight.shape[1]) / 4);
      }
    });
  });
});
