import { beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { type CommandLine, parseCommandLine, usage } from '../../cli/arguments';
import { flattenMetrics } from '../lab/report/report';
import type { ModelConfig } from '../model/model';
import { parameter } from '../parameters/parameter';
import type { VariantRow } from '../store/lab-state';
import type { TextTokenizer } from '../tokenizer/text-tokenizer';
import { chartFigures } from '../views/chart/chart-points';
import { figureColumns } from '../views/variants/figure-columns';
import { countParameter } from './count-parameter';
import { evaluate } from './evaluate';
import { defineEvaluation, type ModelsUnderTest } from './evaluation';
import { EVALUATIONS } from './evaluations';

/** Evaluation that reports the share of lines longer than a bound, independent of the model. */
const longLines = defineEvaluation({
  id: 'long-lines',
  title: 'Long lines',
  summary: 'Counts lines.',
  tasks: ['causal-lm'],
  data: ['text'],
  parameters: z.strictObject({
    maxLines: countParameter({ label: 'Lines', help: 'Lines at most.' }),
    countBlank: parameter(z.boolean().default(false), {
      label: 'Blank lines',
      help: 'Whether blank lines count.',
      labels: { true: 'count', false: 'do not count' },
    }),
  }),
  quick: { maxLines: 2 },
  figures: [
    {
      id: 'longLines',
      title: 'Long lines',
      hint: 'Share of long lines.',
      format: 'percent',
      better: 'higher',
      interval: true,
    },
    { id: 'longest', title: 'Longest', hint: 'Letters of a line.', format: 'number', interval: false },
  ],
  async measure({ config }, { content }, { maxLines, countBlank }) {
    const lines = content.split('\n').filter((line) => countBlank || line !== '');
    const lengths = lines.slice(0, maxLines).map(({ length }) => length);
    const share = lengths.filter((length) => length > config.contextLength).length / lengths.length;
    return [
      {
        figures: { longLines: { value: share, standardError: 0.125 }, longest: Math.max(...lengths) },
        count: lengths.length,
        protocol: `${lengths.length} lines`,
      },
    ];
  },
});

const registry = [...EVALUATIONS, longLines];
let row: VariantRow;

beforeEach(async () => {
  const models: ModelsUnderTest = {
    config: { task: 'causal-lm', contextLength: 3 } as ModelConfig,
    tokenizer: {} as TextTokenizer,
    score: () => Promise.reject(new Error('There is no model.')),
    logits: () => Promise.reject(new Error('There is no model.')),
  };
  const command = '--model m --evaluate long-lines=t.txt --max-lines 3 --count-blank true';
  const [{ id, parameters }] = (parseCommandLine(command.split(' '), registry) as CommandLine).evaluations;
  const data = { name: 't.txt', kind: 'text', content: 'four\n\ntwo\nanother' } as const;
  const [metrics] = await evaluate(models, { evaluation: id, data, parameters }, {}, registry);
  row = {
    key: 'base',
    name: 'base',
    recipe: { name: 'base', steps: [] },
    size: { denseBytes: 1, storedBytes: 1, bitsPerWeight: 32, parameters: 1 },
    metrics: flattenMetrics(metrics, registry),
    metricsFrom: 'here',
    layers: [],
  };
});

test('a registered evaluation appears in the command line, its help and reports', () => {
  expect(row.metrics).toEqual({
    longLines: 1 / 3,
    longLinesStandardError: 0.125,
    longest: 4,
    longLinesCount: 3,
    longLinesProtocol: '3 lines',
  });
  const help = usage(registry).split('\n');
  const begin = help.findIndex((line) => line.trim().startsWith('long-lines=FILE.txt'));
  expect(help.slice(begin, begin + 3).map((line) => line.trim().split(/ {2,}/))).toEqual([
    ['long-lines=FILE.txt', 'causal-lm: Counts lines.'],
    ['--max-lines N', 'Lines at most.'],
    ['--count-blank true|false', 'Whether blank lines count.'],
  ]);
  expect(() => parseCommandLine(['--model', 'm', '--max-lines', '2'], registry)).toThrow(
    '--max-lines belongs to --evaluate long-lines=…, which is missing',
  );
});

test('figures of a registered evaluation appear in the table, copies and charts', () => {
  const columns = figureColumns(registry).filter(({ value }) => value(row) !== undefined);
  expect(columns.map(({ title }) => title)).toEqual(['Long lines', 'Longest']);
  expect(columns.map(({ format }) => format(row))).toEqual(['33.3 % ± 12.5 %', '4.00']);
  // A figure without a better direction has no Pareto front.
  expect(chartFigures([row], registry).map(({ id, better }) => [id, better])).toEqual([
    ['longLines', 'higher'],
  ]);
});
