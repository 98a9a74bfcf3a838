import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import divergenceFixture from '../../testing/fixtures/divergence.json';
import expected from '../../testing/fixtures/tiny-gpt2/expected.json';
import { measureFixture } from '../../testing/measure-fixture';
import { quantizeBlockLinears } from '../../testing/quantize-model';
import type { Estimate } from '../statistics';

beforeAll(() => openNodeGpu());

const request = (parameters: Record<string, unknown>, content = expected.text) => ({
  evaluation: 'perplexity',
  data: { name: 'tale.txt', kind: 'text' as const, content },
  parameters,
});

test.each(expected.perplexity)(
  'window $window, stride $stride agrees with PyTorch',
  async ({ window, stride, perplexity, standardError, tokens }) => {
    const [{ figures, count }] = await measureFixture('tiny-gpt2', request({ window, stride }));
    const found = figures.perplexity as Estimate;
    expect(count).toBe(tokens);
    expect(found.value / perplexity).toBeCloseTo(1, 4);
    expect(found.standardError / found.value).toBeCloseTo(standardError, 4);
  },
);

test.each(Object.entries(divergenceFixture.variants))(
  'divergence of %s agrees with PyTorch',
  async (name, variant) => {
    const { window, stride } = divergenceFixture;
    const results = await measureFixture('tiny-gpt2', request({ window, stride }), {
      variantsOf: async (base) => [await quantizeBlockLinears(base, name.startsWith('int8') ? 8 : 4)],
    });
    const { meanKl, kl99, sameTop } = results[1].figures as {
      meanKl: Estimate;
      kl99: number;
      sameTop: Estimate;
    };
    expect(Object.keys(results[0].figures)).toEqual(['perplexity']);
    expect(results[1].count).toBe(variant.predictions);
    expect(meanKl.value).toBeCloseTo(variant.meanKl, 5);
    expect(kl99).toBeCloseTo(variant.kl99, 4);
    expect(sameTop.value).toBeCloseTo(variant.sameTop, 6);
  },
);

test('by default, windows have the context length and do not overlap', async () => {
  const [{ figures, protocol }, same] = await measureFixture('tiny-gpt2', request({ maxWindows: 2 }), {
    variantsOf: async (base) => [base],
  });
  expect(protocol).toBe('tale.txt, 2 windows of 32 tokens, stride 32');
  expect(same.figures).toMatchObject({ perplexity: figures.perplexity, sameTop: { value: 1 } });
  expect((same.figures.meanKl as Estimate).value).toBeLessThan(1e-7);
});

test.each([
  ['', {}, 'tale.txt is empty'],
  ['a', {}, 'The text has only one token'],
  ['a king', { window: 33 }, 'A window of 33 tokens does not fit this model; use 2 to 32.'],
  ['a king', { window: 8, stride: 9 }, 'use a stride of at most 8'],
  ['a king', { window: 2.5 }, 'The parameter "window" of perplexity takes a positive integer.'],
  ['a king', { windows: 2 }, 'Unrecognized key: "windows"'],
])('%j with %j is explained in one sentence', async (content, parameters, message) => {
  await expect(measureFixture('tiny-gpt2', request(parameters, content))).rejects.toThrow(message);
});

test('a cancelled evaluation stops with the reason and leaves nothing on the GPU', async () => {
  const controller = new AbortController();
  await expect(
    measureFixture('tiny-gpt2', request({ window: 16 }), {
      signal: controller.signal,
      onProgress: ({ unit, done }) => unit === 'windows' && done === 1 && controller.abort(),
    }),
  ).rejects.toThrow('aborted');
});
