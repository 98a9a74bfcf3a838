import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { quantizeBlockLinears } from '../testing/quantize-model';
import { openFolder } from '../testing/folder-checkpoint';
import divergenceFixture from '../testing/fixtures/divergence.json';
import bertExpected from '../testing/fixtures/tiny-bert/expected.json';
import maskedExpected from '../testing/fixtures/tiny-bert-mlm/expected.json';
import gpt2Expected from '../testing/fixtures/tiny-gpt2/expected.json';
import { openNodeGpu } from '../engines/webgpu/node-gpu';
import { loadModel } from '../model/load-model';
import type { Model } from '../model/model';
import { accuracy } from './accuracy';
import { latency } from './latency';
import { perplexity } from './perplexity';
import { pseudoPerplexity } from './pseudo-perplexity';

beforeAll(() => openNodeGpu());

async function withModel<T>(name: string, use: (model: Model) => Promise<T>): Promise<T> {
  const model = await loadModel(await openFolder(join(import.meta.dirname, '../testing/fixtures', name)));
  try {
    return await use(model);
  } finally {
    model.dispose();
  }
}

describe('perplexity', () => {
  test.each(gpt2Expected.perplexity)(
    'window $window, stride $stride agrees with PyTorch',
    async (expected) => {
      const { window, stride } = expected;
      const [result] = await withModel('tiny-gpt2', (model) =>
        perplexity(model, [], gpt2Expected.ids, { window, stride }),
      );
      expect(result.predictions).toBe(expected.tokens);
      expect(result.perplexity.value / expected.perplexity).toBeCloseTo(1, 4);
      const relativeError = result.perplexity.standardError / result.perplexity.value;
      expect(relativeError).toBeCloseTo(expected.standardError, 4);
    },
  );

  test.each(Object.entries(divergenceFixture.variants))(
    'divergence of %s agrees with PyTorch',
    async (name, expected) => {
      const { window, stride, ids } = divergenceFixture;
      const results = await withModel('tiny-gpt2', async (model) => {
        const variant = await quantizeBlockLinears(model, name.startsWith('int8') ? 8 : 4);
        const measured = await perplexity(model, [variant], ids, { window, stride });
        variant.dispose();
        return measured;
      });
      const { meanKl, kl99, sameTop } = results[1].divergence!;
      expect(results[0].divergence).toBeUndefined();
      expect(results[1].predictions).toBe(expected.predictions);
      expect(meanKl.value).toBeCloseTo(expected.meanKl, 5);
      expect(kl99).toBeCloseTo(expected.kl99, 4);
      expect(sameTop.value).toBeCloseTo(expected.sameTop, 6);
    },
  );

  test('the base against itself does not diverge', async () => {
    const results = await withModel('tiny-gpt2', (model) =>
      perplexity(model, [model], gpt2Expected.ids, { window: 32, stride: 32, maxWindows: 2 }),
    );
    expect(results[1].divergence!.meanKl.value).toBeLessThan(1e-7);
    expect(results[1].divergence!.sameTop.value).toBe(1);
    expect(results[0].windows).toBe(2);
  });

  test.each([
    [[], { window: 16, stride: 16 }, 'The text holds no token'],
    [[5], { window: 16, stride: 16 }, 'The text holds one token'],
    [[5, 6, 7], { window: 33, stride: 16 }, 'A window of 33 tokens does not fit this model; use 2 to 32.'],
    [[5, 6, 7], { window: 8, stride: 9 }, 'use a stride of at most 8'],
  ])('%j with %j is one clear sentence', async (ids, options, message) => {
    await expect(withModel('tiny-gpt2', (model) => perplexity(model, [], ids, options))).rejects.toThrow(
      message,
    );
  });

  test('a cancelled evaluation stops with the reason and leaves nothing on the GPU', async () => {
    const controller = new AbortController();
    const onProgress = (done: number) => done === 1 && controller.abort();
    const options = { window: 16, stride: 16, signal: controller.signal, onProgress };
    await expect(
      withModel('tiny-gpt2', (model) => perplexity(model, [], gpt2Expected.ids, options)),
    ).rejects.toThrow('aborted');
  });
});

test('pseudo-perplexity agrees with PyTorch', async () => {
  const { sentences, tokens, pseudoPerplexity: expected } = maskedExpected.pseudoPerplexity;
  const sequences = sentences.map(({ ids }) => ids.slice(1, -1));
  const [cls, sep] = [sentences[0].ids[0], sentences[0].ids.at(-1)!];
  const [result, same] = await withModel('tiny-bert-mlm', (model) =>
    pseudoPerplexity(model, [model], sequences, { window: 30, specialTokens: { cls, sep, mask: 4 } }),
  );
  expect(result.predictions).toBe(tokens);
  expect(result.pseudoPerplexity.value / expected).toBeCloseTo(1, 4);
  expect(same.divergence!.sameTop.value).toBe(1);
});

test('accuracy and F1 agree with PyTorch', async () => {
  const { examples, accuracy: expected, f1 } = bertExpected.labelled;
  const [result, same] = await withModel('tiny-bert', (model) => accuracy(model, [model], examples));
  expect(result.accuracy.value).toBeCloseTo(expected, 7);
  expect(result.f1).toBeCloseTo(f1, 7);
  expect(same.accuracyDifference).toBe(0);
  expect(same.divergence!.meanKl.value).toBeLessThan(1e-7);
});

test('a measure for another kind of model says so', async () => {
  const options = { window: 8, stride: 8 };
  await expect(withModel('tiny-bert', (model) => perplexity(model, [], [1, 2], options))).rejects.toThrow(
    'Perplexity is for causal language models',
  );
  await expect(withModel('tiny-gpt2', (model) => accuracy(model, [], []))).rejects.toThrow(
    'sequence classifiers',
  );
});

test('latency counts every run of every model', async () => {
  const results = await withModel('tiny-gpt2', (model) =>
    latency([model, model], { prefillTokens: 8, decodeTokens: 4, runs: 3 }),
  );
  for (const { prefillTokensPerSecond, decodeTokensPerSecond } of results) {
    expect(prefillTokensPerSecond.runs).toBe(3);
    expect(decodeTokensPerSecond!.median).toBeGreaterThanOrEqual(decodeTokensPerSecond!.p95);
    expect(decodeTokensPerSecond!.p95).toBeGreaterThan(0);
  }
  await expect(
    withModel('tiny-gpt2', (model) => latency([model], { prefillTokens: 30, decodeTokens: 8, runs: 1 })),
  ).rejects.toThrow('38 tokens do not fit the 32 positions');
});
