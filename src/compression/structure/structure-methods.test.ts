import { beforeAll, describe, expect, test } from 'vitest';
import { requireCausal } from '../../model/causal-model';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { loadModel } from '../../model/load-model';
import type { Model } from '../../model/model';
import { wholeStructure } from '../../model/structure';
import { openFolder } from '../../testing/folder-checkpoint';
import { applyRecipe } from '../recipe/apply-recipe';
import type { StreamSimilarities } from './block-influence';
import { remainingBlocks } from './layer-selection';
import { METHODS } from '../methods';
import { checkRecipe } from '../recipe/recipe';
import { skipped } from './skip-sublayers';

beforeAll(() => openNodeGpu());

const TWELVE = Array.from({ length: 12 }, (_, index) => index);

describe('layer truncation keeps', () => {
  test.each([
    [{ keep: 'first', layers: 3 }, [0, 1, 2]],
    [{ keep: 'last', layers: 3 }, [9, 10, 11]],
    [{ keep: 'every-other' }, [0, 2, 4, 6, 8, 10]],
    [{ keep: 'every-other', layers: 4 }, [0, 3, 6, 9]],
    [{ keep: 'both-ends', layers: 5 }, [0, 1, 2, 10, 11]],
    [{ keep: 'list', list: [9, 2, 4, 0, 7, 11] }, [0, 2, 4, 7, 9, 11]],
  ] as const)('%j: blocks %j of twelve', (parameters, expected) => {
    expect(remainingBlocks(TWELVE, parameters as Parameters<typeof remainingBlocks>[1])).toEqual(expected);
  });

  test.each([
    [{ keep: 'first' }, 'needs "layers"'],
    [{ keep: 'first', layers: 13 }, 'use at most 12'],
    [{ keep: 'list' }, 'give both or neither'],
    [{ keep: 'first', layers: 2, list: [1] }, 'give both or neither'],
    [{ keep: 'list', list: [12] }, 'has the blocks 0, 1'],
  ] as const)('%j is refused', (parameters, message) => {
    expect(() =>
      remainingBlocks(TWELVE, parameters as unknown as Parameters<typeof remainingBlocks>[1]),
    ).toThrow(message);
  });
});

describe('skipped parts', () => {
  const structure = wholeStructure(4);
  const similarities: StreamSimilarities = {
    attention: [0.9, 0.99, 0.5, 0.95],
    feedForward: [0.1, 0.2, 0.3, 0.25],
    blocks: [[0.5, 0.7, 0.6, 0.4], [0.5, 0.9, 0.3], [0.2, 0.1], [0]],
  };
  test.each([
    [{ part: 'attention', count: 2, order: 'last' }, [2, 3]],
    [{ part: 'attention', count: 2, order: 'influence' }, [1, 3]],
    [{ part: 'feed-forward', count: 1, order: 'influence' }, [2]],
    [{ part: 'block', count: 2, order: 'influence' }, [1, 2]],
    [{ part: 'block', count: 2, order: 'run' }, [1, 2]],
    [{ part: 'block', count: 3, order: 'run' }, [0, 1, 2]],
  ] as const)('%j: positions %j', (parameters, expected) => {
    expect(skipped(structure, parameters, similarities)).toEqual(expected);
  });
});

async function apply(
  steps: object[],
  check: (model: Model, layers: { form: string; name: string }[]) => void,
) {
  const base = await loadModel(await openFolder('src/testing/fixtures/tiny-gpt2'));
  try {
    const recipe = checkRecipe({ name: 'a recipe', steps }, METHODS);
    const { model, layers } = await applyRecipe(base, recipe);
    check(model, [...layers]);
    model.dispose();
  } finally {
    base.dispose();
  }
}

test('a removed block is reported as removed, and later steps ignore it', () =>
  apply(
    [
      { method: 'layer-truncation', targets: ['Linear'], parameters: { keep: 'last', layers: 1 } },
      { method: 'round-to-nearest', targets: ['Linear'], parameters: {} },
    ],
    (model, layers) => {
      expect(model.linears.size).toBe(1 + 4);
      expect(layers.map(({ form }) => form)).toEqual([
        ...Array(4).fill('removed'),
        ...Array(4).fill('quantized'),
      ]);
    },
  ));

test('more parts than the model has cannot be skipped', async () => {
  const skip = (parameters: object) =>
    apply([{ method: 'skip-sublayers', targets: ['Linear'], parameters }], () => undefined);
  await expect(skip({ part: 'attention', count: 3 })).rejects.toThrow('use at most 2');
  await expect(skip({ part: 'block', count: 2 })).rejects.toThrow('use at most 1');
  await expect(skip({ part: 'attention', count: 1, order: 'run' })).rejects.toThrow('part "block"');
  await expect(skip({ part: 'attention', count: 1, order: 'influence' })).rejects.toThrow('calibration text');
});

test('a model without any attention has no key/value cache', async () => {
  await apply([{ method: 'skip-sublayers', targets: ['Linear'], parameters: { count: 2 } }], (model) =>
    expect(requireCausal(model).createCache(8).bytes).toBe(0),
  );
});
