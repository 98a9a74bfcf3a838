import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../engines/webgpu/node-gpu';
import { measureFixture } from '../testing/measure-fixture';
import { accuracyEvaluation } from './accuracy/accuracy';
import { evaluationOf, EVALUATIONS } from './evaluations';
import { figuresOf } from './figures';
import { perplexityEvaluation } from './perplexity/perplexity';
import { pseudoPerplexityEvaluation } from './pseudo-perplexity/pseudo-perplexity';

beforeAll(() => openNodeGpu());

const evaluations = [perplexityEvaluation, accuracyEvaluation, pseudoPerplexityEvaluation];
const data = { name: 't.txt', kind: 'text', content: 'a film\t1' } as const;

test.each([
  ['perplexity', 'tiny-bert', 'Perplexity is for causal-lm models; this is a sequence-classification model.'],
  ['accuracy', 'tiny-gpt2', 'Accuracy is for sequence-classification models; this is a causal-lm model.'],
  ['bleu', 'tiny-gpt2', 'There is no evaluation "bleu"; there are perplexity, accuracy, pseudo-perplexity.'],
])('%s of %s is rejected in one sentence', async (evaluation, fixture, message) => {
  await expect(measureFixture(fixture, { evaluation, data }, { evaluations })).rejects.toThrow(message);
});

test('ids are unique, and evaluations that report the same figure share its object', () => {
  for (const evaluation of EVALUATIONS) {
    expect(evaluationOf(evaluation.id)).toBe(evaluation);
    for (const figure of evaluation.figures) expect(figuresOf(EVALUATIONS)).toContain(figure);
  }
});

test('shared figures come last', () => {
  const [divergence] = figuresOf(evaluations).slice(-3);
  expect(divergence.id).toBe('meanKl');
});
