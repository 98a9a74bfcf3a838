import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import expected from '../../testing/fixtures/tiny-bert-mlm/expected.json';
import { measureFixture } from '../../testing/measure-fixture';
import { figureValue } from '../figures';

beforeAll(() => openNodeGpu());

const { sentences, tokens, pseudoPerplexity } = expected.pseudoPerplexity;
const request = (parameters: Record<string, unknown>) => ({
  evaluation: 'pseudo-perplexity',
  data: { name: 't.txt', kind: 'text' as const, content: sentences.map(({ text }) => text).join('\n') },
  parameters,
});

test('agrees with PyTorch', async () => {
  const [base, same] = await measureFixture('tiny-bert-mlm', request({}), {
    variantsOf: async (model) => [model],
  });
  expect(base.count).toBe(tokens);
  expect(figureValue(base, 'pseudoPerplexity')! / pseudoPerplexity).toBeCloseTo(1, 4);
  expect(figureValue(same, 'sameTop')).toBe(1);
});

test('stops at the maximum number of tokens', async () => {
  const [{ figures, count }] = await measureFixture('tiny-bert-mlm', request({ maxTokens: 3 }));
  expect(count).toBe(3);
  const [{ logProbabilities: first }, { logProbabilities: second }] = sentences;
  const loss = -(first[0] + first[1] + second[0]) / 3;
  expect(figureValue({ figures }, 'pseudoPerplexity')! / Math.exp(loss)).toBeCloseTo(1, 4);
});

test('a window longer than the context is rejected', async () => {
  await expect(measureFixture('tiny-bert-mlm', request({ window: 31 }))).rejects.toThrow(
    'A window of 31 tokens does not fit this model; use 1 to 30.',
  );
});
