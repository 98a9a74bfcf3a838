import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import expected from '../../testing/fixtures/tiny-bert/expected.json';
import { measureFixture } from '../../testing/measure-fixture';
import { figureValue } from '../figures';

beforeAll(() => openNodeGpu());

const { examples, accuracy, f1 } = expected.labelled;
const request = (parameters: Record<string, unknown>) => ({
  evaluation: 'accuracy',
  data: {
    name: 's.tsv',
    kind: 'labelled' as const,
    content: examples.map(({ text, label }) => `${text}\t${label}`).join('\n'),
  },
  parameters,
});

test('accuracy and F1 agree with PyTorch; the divergence of a model from itself is zero', async () => {
  const [base, same] = await measureFixture('tiny-bert', request({}), {
    variantsOf: async (model) => [model],
  });
  expect(base.count).toBe(examples.length);
  expect(figureValue(base, 'accuracy')).toBeCloseTo(accuracy, 7);
  expect(figureValue(base, 'f1')).toBeCloseTo(f1, 7);
  expect(Object.keys(base.figures)).toEqual(['accuracy', 'f1']);
  expect(same.figures.accuracyDifference).toBe(0);
  expect(figureValue(same, 'meanKl')).toBeLessThan(1e-7);
});

test('stops at the maximum number of examples', async () => {
  const [{ count, figures, protocol }] = await measureFixture('tiny-bert', request({ maxExamples: 3 }));
  const hits = expected.labelled.predictions
    .slice(0, 3)
    .filter((prediction, example) => prediction === examples[example].label);
  expect([count, figures.accuracy]).toMatchObject([3, { value: hits.length / 3 }]);
  expect(protocol).toBe('s.tsv, 3 examples, at most 32 tokens each');
});
