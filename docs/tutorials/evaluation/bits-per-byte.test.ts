import { beforeAll, expect, test } from 'vitest';
import { parseCommandLine, usage } from '../../../cli/arguments';
import { openNodeGpu } from '../../../src/engines/webgpu/node-gpu';
import { EVALUATIONS } from '../../../src/evaluation/evaluations';
import type { Estimate } from '../../../src/evaluation/statistics';
import { flattenMetrics } from '../../../src/lab/report/report';
import expected from '../../../src/testing/fixtures/tiny-gpt2/expected.json';
import { measureFixture } from '../../../src/testing/measure-fixture';
import { figureColumns } from '../../../src/views/variants/figure-columns';
import { bitsPerByte, bitsPerByteEvaluation } from './bits-per-byte';

beforeAll(() => openNodeGpu());

const evaluations = [...EVALUATIONS, bitsPerByteEvaluation];
const measured = (parameters: object, content = expected.text) => {
  const data = { name: 'tale.txt', kind: 'text', content } as const;
  return measureFixture(
    'tiny-gpt2',
    { evaluation: 'bits-per-byte', data, parameters: { ...parameters } },
    { evaluations },
  );
};

test('by hand: losses of 1, 2 and 3 bits over four bytes', () => {
  const { value, standardError } = bitsPerByte(
    [1, 2, 3].map((bits) => bits * Math.LN2),
    4,
  );
  expect(value).toBeCloseTo(6 / 4, 12);
  // The sample deviation is 1 bit, the error of the mean 1/√3, that of the sum √3.
  expect(standardError).toBeCloseTo(Math.sqrt(3) / 4, 12);
});

test('the losses of PyTorch over the bytes of the text but the first token', async () => {
  const { losses } = expected.perplexity.find(({ window, stride }) => window === 16 && stride === 8)!;
  const [{ figures, count, protocol }] = await measured({ window: 16 });
  const bytes = Buffer.byteLength(expected.text) - 1;
  const bits = losses!.reduce((sum, loss) => sum + loss, 0) / Math.LN2;
  expect((figures.bitsPerByte as Estimate).value).toBeCloseTo(bits / bytes, 4);
  expect(count).toBe(losses!.length);
  expect(protocol).toBe(`tale.txt, ${bytes} bytes, windows of 16 tokens, half overlapping`);
});

test.each([
  [{}, '', 'tale.txt is empty'],
  [{ window: 33 }, 'a king', 'A window has 2 to 32 tokens, not 33.'],
  [
    { maxCharacters: 0 },
    'a king',
    'The parameter "maxCharacters" of bits-per-byte takes a positive integer.',
  ],
])('%j of %j is one clear sentence', async (parameters, content, message) => {
  await expect(measured(parameters, content)).rejects.toThrow(message);
});

test('command line, report and table follow from the declaration', async () => {
  const command = '--model m --evaluate bits-per-byte=tale.txt --max-characters 40'.split(' ');
  expect(parseCommandLine(command, evaluations)).toMatchObject({
    evaluations: [{ id: 'bits-per-byte', file: 'tale.txt', parameters: { maxCharacters: 40 } }],
  });
  expect(usage(evaluations)).toContain('--max-characters N');
  const [metrics] = await measured({ maxCharacters: 40 });
  expect(Object.keys(flattenMetrics(metrics, evaluations))).toEqual([
    'bitsPerByte',
    'bitsPerByteStandardError',
    'bitsPerByteCount',
    'bitsPerByteProtocol',
  ]);
  expect(figureColumns(evaluations).map(({ title }) => title)).toContain('Bits per byte');
});
