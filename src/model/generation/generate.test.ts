import { beforeAll, expect, test } from 'vitest';
import { type CausalModel, requireCausal } from '../causal-model';
import demo from '../../testing/fixtures/fairy-tales-gpt2.json';
import expected from '../../testing/fixtures/tiny-gpt2/expected.json';
import { openFolder } from '../../testing/folder-checkpoint';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { generate, type SamplingOptions } from './generate';
import { loadModel } from '../load-model';

beforeAll(() => openNodeGpu());

async function continuation(
  model: CausalModel,
  ids: readonly number[],
  options: SamplingOptions,
): Promise<number[]> {
  const generated: number[] = [];
  for await (const id of generate(model, Int32Array.from(ids), options)) generated.push(id);
  return generated;
}

async function withModel(folder: string, check: (model: CausalModel) => Promise<void>): Promise<void> {
  const model = requireCausal(await loadModel(await openFolder(folder)));
  try {
    await check(model);
  } finally {
    model.dispose();
  }
}

const TINY = 'src/testing/fixtures/tiny-gpt2';

test('greedy continuations of the tiny checkpoint equal those of transformers', () =>
  withModel(TINY, async (model) => {
    for (const { ids, greedy } of expected.continuations) {
      expect(await continuation(model, ids, { maxNewTokens: greedy.length, temperature: 0 })).toEqual(greedy);
    }
  }));

test('greedy continuations of the demo checkpoint equal those of transformers', () =>
  withModel('public/models/fairy-tales-gpt2', async (model) => {
    for (const { ids, greedy_24_ids } of demo.prompts) {
      expect(await continuation(model, ids, { maxNewTokens: 24, temperature: 0 })).toEqual(greedy_24_ids);
    }
  }));

test('generation stops at the end of text and at the end of the context', () =>
  withModel(TINY, async (model) => {
    const [{ ids, greedy }] = expected.continuations;
    const stop = { maxNewTokens: 12, temperature: 0, endOfText: greedy[2] };
    expect(await continuation(model, ids, stop)).toEqual(greedy.slice(0, 2));
    const all = await continuation(model, ids, { maxNewTokens: 1000, temperature: 0 });
    // The last token that fits needs no position.
    expect(all.length).toBe(model.config.contextLength - ids.length + 1);
    const full = Array<number>(32).fill(1);
    await expect(continuation(model, full, { maxNewTokens: 1, temperature: 0 })).rejects.toThrow(
      'The prompt is 32 tokens long and the model has 32 positions',
    );
    await expect(continuation(model, [], { maxNewTokens: 1, temperature: 0 })).rejects.toThrow(
      'The prompt is empty',
    );
  }));

test('a seed reproduces the tokens; one candidate is the greedy choice', () =>
  withModel(TINY, async (model) => {
    const [{ ids, greedy }] = expected.continuations;
    const options = { maxNewTokens: 12, temperature: 1.5, seed: 7 };
    const drawn = await continuation(model, ids, options);
    expect(await continuation(model, ids, options)).toEqual(drawn);
    expect(await continuation(model, ids, { ...options, seed: 8 })).not.toEqual(drawn);
    expect(await continuation(model, ids, { ...options, topK: 1 })).toEqual(greedy);
  }));
