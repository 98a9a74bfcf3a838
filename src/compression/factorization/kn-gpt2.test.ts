import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { readFloats } from '../../engines/webgpu/transfer';
import { loadModel } from '../../model/load-model';
import type { Model } from '../../model/model';
import { expectAllClose } from '../../testing/allclose';
import fixture from '../../testing/fixtures/kn-gpt2.json';
import { openFolder } from '../../testing/folder-checkpoint';
import { applyRecipe } from '../recipe/apply-recipe';
import type { ModelMethod } from '../method';
import { METHODS } from '../methods';
import { checkRecipe } from '../recipe/recipe';

beforeAll(() => openNodeGpu());

const method = METHODS.find(({ id }) => id === 'kn-gpt2') as ModelMethod;

async function withTiny(name: string, check: (model: Model) => Promise<void>): Promise<void> {
  const model = await loadModel(await openFolder(`src/testing/fixtures/${name}`));
  try {
    await check(model);
  } finally {
    model.dispose();
  }
}

async function compress(model: Model, ...steps: object[]): Promise<Model> {
  const recipe = checkRecipe({ name: 'test', steps }, METHODS);
  return (await applyRecipe(model, recipe)).model;
}

const STEP = { method: 'kn-gpt2', targets: ['Linear'] };

describe.each(['tiny-gpt2', 'tiny-bert-mlm'] as const)('%s', (name) => {
  test("logits are PyTorch's with the nearest factors", () =>
    withTiny(name, async (model) => {
      const { ids, logits } = fixture[name];
      const compressed = await compress(model, STEP);
      const found = compressed.logits({ ids: Int32Array.from(ids), batch: 1, length: ids.length });
      expectAllClose(await readFloats(found), logits.flat(), { absolute: 1e-4, relative: 0 });
      found.dispose();
      compressed.dispose();
    }));

  test('the embedding and the second block are factorized, the first is not', () =>
    withTiny(name, async (model) => {
      const compressed = await compress(model, STEP);
      const isSecond = (module: string) => /\.(h|layer)\.1\./.test(module);
      for (const { module, block } of model.layout.matrices) {
        const isFactorized = isSecond(module) || module === model.layout.matrices[0].module;
        expect(compressed.linears.get(module)!.format, `${module} of block ${block}`).toBe(
          isFactorized ? 'kronecker' : 'dense',
        );
      }
      compressed.dispose();
    }));

  test('a following quantization applies to the factors', () =>
    withTiny(name, async (model) => {
      const compressed = await compress(model, STEP, { method: 'round-to-nearest', targets: ['Linear'] });
      const module = compressed.blockLinears.at(-1)!;
      const weight = compressed.linears.get(module)!;
      expect(weight.format).toBe('kronecker');
      expect(weight.factors!.map(({ weight: factor }) => factor.format)).toEqual(['quantized', 'quantized']);
      compressed.dispose();
    }));
});

test('only targets are factorized, and the embedding if the parameters say so', () =>
  withTiny('tiny-gpt2', async (model) => {
    const compressed = await compress(model, {
      method: 'kn-gpt2',
      targets: ['re:.*mlp'],
      parameters: { blocks: 'all', embedding: false },
    });
    const factorized = [...compressed.linears].filter(([, { format }]) => format === 'kronecker');
    expect(factorized.map(([module]) => module)).toEqual(
      [0, 1].flatMap((block) => ['c_fc', 'c_proj'].map((part) => `transformer.h.${block}.mlp.${part}`)),
    );
    compressed.dispose();
  }));

test('targets outside the selected blocks are refused', () =>
  withTiny('tiny-gpt2', async (model) => {
    const step = { ...STEP, targets: ['h.0.mlp.c_fc'], parameters: { embedding: false } };
    await expect(compress(model, step)).rejects.toThrow(
      'kn-gpt2 with "blocks": "odd" has no target in such a block; use the target "Linear", or "blocks": "all".',
    );
  }));

test('reports progress, and leaks no tensor when cancelled', () =>
  withTiny('tiny-gpt2', async (model) => {
    const shares: number[] = [];
    const run = (context: Parameters<typeof method.compressModel>[3]) =>
      method.compressModel(model, model.blockLinears, method.schema.parse({}), context);
    const compressed = await run({ onProgress: (share) => shares.push(share) });
    expect(shares.at(-1)).toBe(1);
    expect(shares).toEqual([...shares].sort((left, right) => left - right));
    compressed.dispose();
    const before = tf.memory().numTensors;
    const controller = new AbortController();
    const stopLate = (share: number) => share > 0.5 && controller.abort();
    await expect(run({ signal: controller.signal, onProgress: stopLate })).rejects.toThrow(/abort/i);
    expect(tf.memory().numTensors).toBe(before);
  }));
