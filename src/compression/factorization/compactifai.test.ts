import { beforeAll, describe, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { readFloats } from '../../engines/webgpu/transfer';
import { loadModel } from '../../model/load-model';
import type { Model } from '../../model/model';
import { expectAllClose } from '../../testing/allclose';
import fixture from '../../testing/fixtures/compactifai.json';
import { openFolder } from '../../testing/folder-checkpoint';
import { describeChange } from '../recipe/apply-recipe';
import { applyStep } from '../recipe/apply-step';
import type { CompressionMethod } from '../method';
import { compactifai } from './compactifai';

beforeAll(() => openNodeGpu());

const method = compactifai as CompressionMethod;
const step = (json: unknown) => ({ method, parameters: compactifai.schema.parse(json) });

async function onTiny<T>(family: 'gpt2' | 'bert', work: (model: Model) => Promise<T>): Promise<T> {
  const model = await loadModel(await openFolder(`src/testing/fixtures/tiny-${family}`));
  try {
    return await work(model);
  } finally {
    model.dispose();
  }
}

interface Expected {
  readonly relativeError: number;
  readonly parameters: number;
}

interface Result {
  readonly parameters: unknown;
  readonly changed: Record<string, Expected | undefined>;
  readonly logits: readonly number[];
}

describe.each(['gpt2', 'bert'] as const)('%s', (family) => {
  const { ids } = fixture[family];
  const results: readonly Result[] = fixture[family].results as never;

  test.each(results)(
    "$parameters gives PyTorch's matrices and logits",
    async ({ parameters, changed, logits }) => {
      await onTiny(family, async (model) => {
        const smaller = await applyStep(model, step(parameters), model.blockLinears, {});
        try {
          for (const name of model.blockLinears) {
            const expected = changed[name];
            const change = await describeChange(name, model, smaller);
            expect(change.form, name).toBe(expected ? 'tensor-train' : 'dense');
            expect(change.relativeError, name).toBeCloseTo(expected?.relativeError ?? 0, 5);
            if (expected) expect(change.parameters, name).toBe(expected.parameters);
          }
          const batch = { ids: Int32Array.from(ids.flat()), batch: ids.length, length: ids[0].length };
          const got = smaller.logits(batch);
          expectAllClose(await readFloats(got), logits, { absolute: 2e-4, relative: 0 });
          got.dispose();
        } finally {
          smaller.dispose();
        }
      });
    },
  );
});

test('without "layers" every target changes, also outside the blocks, and compressed targets are compressed again', () =>
  onTiny('gpt2', async (model) => {
    const targets = ['transformer.wte', 'transformer.h.0.attn.c_attn'];
    const once = await applyStep(model, step({ bondDimension: 4, cores: 2, bits: 8 }), targets, {});
    const twice = await applyStep(once, step({ bondDimension: 2, cores: 2 }), targets, {});
    for (const name of targets) {
      const weight = twice.linears.get(name)!;
      expect(weight.format).toBe('tensor-train');
      expect(weight.factors!.map((factor) => factor.weight.format)).toEqual(['dense', 'dense']);
      expect(weight.parameters).toBeLessThan(once.linears.get(name)!.parameters);
    }
    once.dispose();
    twice.dispose();
  }));

test('parameters that do not fit are refused in one sentence, and no tensor leaks', () =>
  onTiny('gpt2', async (model) => {
    const attempt = (json: unknown, targets = model.blockLinears) =>
      applyStep(model, step(json), targets, {});
    await expect(attempt({ layers: 3 })).rejects.toThrow('"layers": 3 does not fit a model of 2 blocks');
    await expect(attempt({ layers: 1.5 })).rejects.toThrow('use a share below 1 or a whole number');
    await expect(attempt({ layers: 1 }, ['transformer.wte'])).rejects.toThrow(
      'No target is in the 1 deepest blocks (1)',
    );
    await expect(attempt({ bondDimension: 30, cores: 3 })).rejects.toThrow(
      'has no bond dimension of 30; the greatest is',
    );
    expect(() => compactifai.schema.parse({ bits: 2 })).toThrow('bits must be');
    const signal = AbortSignal.abort();
    await expect(applyStep(model, step({}), model.blockLinears, { signal })).rejects.toThrow(/abort/i);
  }));
