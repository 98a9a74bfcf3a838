import { beforeAll, describe, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { loadModel } from '../../model/load-model';
import type { Model } from '../../model/model';
import { openFolder } from '../../testing/folder-checkpoint';
import type { EntropyCodedWeight } from '../../weights/formats/entropy-coded-weight';
import type { LinearWeight } from '../../weights/linear-weight';
import { applyRecipe } from '../recipe/apply-recipe';
import { METHODS } from '../methods';
import { checkRecipe } from '../recipe/recipe';

beforeAll(() => openNodeGpu());

type Step = readonly [method: string, parameters: object];

/** Applies the steps to the linears of a tiny model. */
async function compressed(
  family: 'gpt2' | 'bert',
  steps: readonly Step[],
  check: (model: Model) => Promise<void>,
): Promise<void> {
  const recipe = checkRecipe(
    {
      name: 'chain',
      steps: steps.map(([method, parameters]) => ({ method, targets: ['Linear'], parameters })),
    },
    METHODS,
  );
  const base = await loadModel(await openFolder(`src/testing/fixtures/tiny-${family}`));
  try {
    const { model } = await applyRecipe(base, recipe);
    try {
      await check(model);
    } finally {
      model.dispose();
    }
  } finally {
    base.dispose();
  }
}

const firstLinear = ({ linears, blockLinears }: Model): LinearWeight => linears.get(blockLinears[0])!;

async function valuesAfter(family: 'gpt2' | 'bert', steps: readonly Step[]): Promise<Float32Array> {
  let values = new Float32Array(0);
  await compressed(family, steps, async (model) => {
    values = Float32Array.from(await firstLinear(model).dense());
  });
  return values;
}

const int4: Step = ['round-to-nearest', { bits: 4 }];
const half: Step = ['magnitude-pruning', { sparsity: 0.5 }];
const rank8: Step = ['low-rank', { rank: 8 }];
const rans: Step = ['entropy-coding', {}];
const huffman: Step = ['entropy-coding', { coder: 'huffman' }];

describe.each(['gpt2', 'bert'] as const)('%s', (family) => {
  test.each([[[int4]], [[half]], [[half, int4]], [[rank8, int4]]])(
    'after %j the weights are unchanged',
    async (steps) => {
      const expected = await valuesAfter(family, steps);
      expect(await valuesAfter(family, [...steps, rans])).toEqual(expected);
    },
  );

  test('a coded weight that is quantized is coded again', () =>
    compressed(family, [rank8, rans, int4], async (model) => {
      const weight = firstLinear(model) as EntropyCodedWeight;
      expect(weight.format).toBe('entropy-coded');
      expect(weight.uncoded.format).toBe('low-rank');
      expect(weight.uncoded.factors!.map((factor) => factor.weight.format)).toEqual([
        'quantized',
        'quantized',
      ]);
      expect(await weight.dense()).toEqual(await valuesAfter(family, [rank8, int4]));
    }));

  test('applied twice, it codes again and does not nest', () =>
    compressed(family, [int4, rans, huffman], async (model) => {
      const weight = firstLinear(model) as EntropyCodedWeight;
      expect(weight.uncoded.format).toBe('quantized');
      expect(weight.attributes().coder).toBe('huffman');
    }));
});

test('an unknown coder is refused with the list of coders', () => {
  const recipe = {
    name: 'chain',
    steps: [{ method: 'entropy-coding', targets: ['Linear'], parameters: { coder: 'zip' } }],
  };
  expect(() => checkRecipe(recipe, METHODS)).toThrow('coder must be "rans" or "huffman"');
});
