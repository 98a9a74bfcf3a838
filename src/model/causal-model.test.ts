import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../engines/webgpu/node-gpu';
import { openFolder } from '../testing/folder-checkpoint';
import { isCausal, requireCausal } from './causal-model';
import { loadModel } from './load-model';

beforeAll(() => openNodeGpu());

test('a causal model and its variants keep their caches', async () => {
  const model = await loadModel(await openFolder('src/testing/fixtures/tiny-gpt2'));
  const variants = [
    model,
    model.clone(),
    model.withLinears(new Map()),
    model.withStructure(model.config.structure, new Map(), new Map()),
    model.withConfig(model.config, new Map(), new Map()),
  ];
  for (const variant of variants) {
    const cache = requireCausal(variant).createCache(3);
    expect(cache.capacity).toBe(3);
    cache.dispose();
    variant.dispose();
  }
});

test('an encoder has no cache and says so', async () => {
  const model = await loadModel(await openFolder('src/testing/fixtures/tiny-bert'));
  expect(isCausal(model)).toBe(false);
  expect(model).not.toHaveProperty('createCache');
  expect(() => requireCausal(model)).toThrow('A bert model does not continue text');
  model.dispose();
});
