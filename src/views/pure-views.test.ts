import { describe, expect, test } from 'vitest';
import { flattenMetrics } from '../lab/report/report';
import type { VariantRow } from '../store/lab-state';
import { rowToReport } from '../store/rows';
import { paretoFront } from './chart/pareto';
import { layerGrid } from './layer-grid';
import { markDifferences } from './compare/token-diff';
import { formatBytes, formatCount, formatMilliseconds, formatNumber, formatParameters } from './format';
import { recipeInWords } from './recipe/recipe-in-words';
import { COLUMNS, shownColumns, sortRows } from './variants/columns';
import { tableAsText } from './variants/copy-table';

const row = (name: string, storedBytes: number, perplexity?: number): VariantRow => ({
  key: name,
  name,
  recipe: { name, steps: [] },
  size: {
    denseBytes: 4000,
    storedBytes,
    gzipBytes: storedBytes,
    bitsPerWeight: storedBytes / 125,
    parameters: 1000,
  },
  metrics: perplexity === undefined ? {} : { perplexity, perplexityStandardError: 0.5 },
  metricsFrom: 'here',
  layers: [],
});

describe('paretoFront', () => {
  const points = [
    { cost: 4, quality: 10 },
    { cost: 2, quality: 11 },
    { cost: 3, quality: 12 },
    { cost: 1, quality: 40 },
    { cost: 2, quality: 50 },
  ];

  test('keeps points that no other point beats in both cost and quality', () => {
    expect(paretoFront(points, 'lower')).toEqual([points[3], points[1], points[0]]);
    expect(paretoFront(points, 'higher')).toEqual([points[3], points[4]]);
    expect(paretoFront([], 'lower')).toEqual([]);
  });
});

describe('markDifferences', () => {
  test.each([
    [['a', 'b', 'c'], ['a', 'b', 'c'], ''],
    [['a', 'b', 'c'], ['a', 'x', 'c'], 'x'],
    [['a', 'b'], ['x', 'a', 'b', 'y'], 'xy'],
    [['a'], ['b', 'b'], 'bb'],
    [[], ['a'], 'a'],
  ])('%j against %j', (reference, tokens, expected) => {
    const marked = markDifferences(reference, tokens);
    expect(marked.map(({ text }) => text)).toEqual(tokens);
    expect(
      marked
        .filter(({ differs }) => differs)
        .map(({ text }) => text)
        .join(''),
    ).toBe(expected);
  });
});

describe('the table', () => {
  const rows = [row('base', 4000, 45.8), row('int8', 1000, 46), row('new', 500)];

  test('sorts by any column, rows without the figure last', () => {
    const names = (column: string, descending: boolean) =>
      sortRows(rows, { column, descending }).map(({ name }) => name);
    expect(names('perplexity', true)).toEqual(['int8', 'base', 'new']);
    expect(names('storedBytes', false)).toEqual(['new', 'int8', 'base']);
    expect(names('name', true)).toEqual(['new', 'int8', 'base']);
  });

  test.each([
    [{ size: { ...rows[0].size, gzipBytes: 3600 } }, 'gzip 3.60 kB', '3.60 kB'],
    [
      { size: { ...rows[0].size, gzipBytes: undefined }, gzip: 'measuring' },
      'gzip measuring …',
      'measuring …',
    ],
    [
      { size: { ...rows[0].size, gzipBytes: undefined }, gzip: 'failed' },
      'gzip not measured',
      'not measured',
    ],
  ] as const)('a gzip size that is known, pending or missing: %j', (part, note, cell) => {
    const column = (id: string) => COLUMNS.find((column) => column.id === id)!;
    const changed = { ...rows[0], ...part };
    expect(column('storedBytes').notes!(changed)).toEqual(['1.00×, 32.00 bits', note]);
    expect(column('gzipBytes').format(changed)).toBe(cell);
    expect(column('gzipBytes').value(changed)).toBe(part.size.gzipBytes);
  });

  test('shows the decoding time of an entropy-coded variant on the page and in its report', () => {
    const coded = { ...rows[0], decodeSeconds: 0.0357 };
    const { notes } = COLUMNS.find(({ id }) => id === 'storedBytes')!;
    expect(notes!(coded)).toContain('decoded in 35.7 ms');
    expect(rowToReport(coded).decodeSeconds).toBe(0.0357);
    expect(rowToReport(rows[0])).not.toHaveProperty('decodeSeconds');
  });

  test('shows GPU and wall-clock time below each rate, and as separate columns in copies', () => {
    const durations = (wall: number, gpu?: number) => ({
      wall: { median: wall, p95: 2 * wall, runs: 5 },
      ...(gpu === undefined ? {} : { gpu: { median: gpu, p95: 2 * gpu, runs: 5 } }),
    });
    const timed: VariantRow = {
      ...rows[0],
      latency: {
        prefillTokensPerSecond: { median: 16_000, p95: 15_000, runs: 5 },
        decodeTokensPerSecond: { median: 400, p95: 390, runs: 5 },
        prefillMilliseconds: durations(4, 3.1),
        decodeMilliseconds: durations(2.5),
        prefillTokens: 64,
        decodeTokens: 32,
        gpuBytes: 4000,
      },
    };
    const columns = Object.fromEntries(shownColumns([timed, rows[1]]).map((column) => [column.id, column]));
    expect(columns.prefillTokensPerSecond.notes!(timed)).toEqual(['4.00 ms', 'GPU 3.10 ms']);
    expect(columns.decodeTokensPerSecond.notes!(timed)).toEqual(['2.50 ms']);
    expect(columns.prefillMilliseconds.format(timed)).toBe('4.00 (p95 8.00)');
    expect(columns.prefillGpuMilliseconds.value(timed)).toBe(3.1);
    expect(columns.prefillGpuMilliseconds.format(rows[1])).toBe('–');
    expect(columns).not.toHaveProperty('decodeGpuMilliseconds');
  });

  test('a recording without durations shows rates only', () => {
    const rate = { median: 298.3, p95: 288.6, runs: 5 };
    const latency = { prefillTokensPerSecond: rate, prefillTokens: 64, decodeTokens: 0, gpuBytes: 4000 };
    const recorded = { ...rows[0], latency };
    const columns = shownColumns([recorded]);
    const prefill = columns.find(({ id }) => id === 'prefillTokensPerSecond')!;
    expect(prefill.brief!(recorded)).toBe('298.3');
    expect(prefill.notes!(recorded)).toEqual([]);
    expect(columns.map(({ id }) => id)).not.toContain('prefillMilliseconds');
  });

  test('shows only columns with values', () => {
    expect(shownColumns(rows).map(({ id }) => id)).not.toContain('accuracy');
    expect(shownColumns(rows).map(({ id }) => id)).toContain('perplexity');
  });

  test('copies as Markdown, CSV and JSON', () => {
    const markdown = tableAsText(rows, 'Markdown').split('\n');
    expect(markdown).toHaveLength(5);
    expect(markdown[3]).toContain('| int8 | as it was trained | 1.00 kB | 4.00× |');
    expect(markdown[3]).toContain('46.00 ± 0.5000');
    const csv = tableAsText([row('a, "b"', 1000, 46)], 'CSV').split('\n');
    expect(csv[0]).toBe('name,recipe,storedBytes,ratio,bitsPerWeight,gzipBytes,parameters,perplexity');
    expect(csv[1]).toBe('"a, ""b""",as it was trained,1000,4,8,1000,1000,46');
    expect(JSON.parse(tableAsText(rows, 'JSON'))[1].metrics.perplexity).toBe(46);
  });
});

test.each([
  ['magnitude-pruning', { sparsity: 0.5 }, '50 % of weights pruned'],
  ['magnitude-pruning', { pattern: '2:4' }, '2:4 magnitude'],
  ['round-to-nearest', { bits: 4, strategy: 'group', groupSize: 32 }, 'int4 per group of 32'],
  ['kronecker', { terms: 1, aShape: ['1/2', '1'] }, 'Kronecker, 1 term, A 1/2 × 1'],
  ['tensor-train', { maxRank: 64 }, 'tensor train, rank 64'],
  ['low-rank', { parametersKept: 0.5 }, 'low rank, 50 % of parameters'],
  ['unknown', {}, 'unknown'],
])('%s %j in words', (method, parameters, words) => {
  expect(recipeInWords({ name: '', steps: [{ method, targets: ['Linear'], parameters }] })).toBe(words);
  expect(recipeInWords({ name: '', steps: [{ method, targets: ['a'], parameters }] })).toBe(`${words} on a`);
});

test('matrices form a grid of blocks and kinds', () => {
  const layer = (name: string) => ({ name, form: 'dense', relativeError: 0, storedBytes: 0, parameters: 0 });
  const names = [
    'transformer.h.0.attn.c_attn',
    'transformer.h.0.mlp.c_fc',
    'transformer.h.1.mlp.c_fc',
    'transformer.wte',
  ];
  const { kinds, blocks } = layerGrid(names.map(layer));
  expect(kinds).toEqual(['attn.c_attn', 'mlp.c_fc', 'wte']);
  expect(blocks.map(({ block, cells }) => [block, cells.map((cell) => cell?.name.split('.').pop())])).toEqual(
    [
      ['0', ['c_attn', 'c_fc', undefined]],
      ['1', [undefined, 'c_fc', undefined]],
      ['–', [undefined, undefined, 'wte']],
    ],
  );
});

test('figures are formatted for reading', () => {
  expect([0, 999, 14028008, 1.5e9].map(formatBytes)).toEqual(['0 B', '999 B', '14.0 MB', '1.50 GB']);
  expect([45.8278, 1648.02, 23456.7, 0.0123, 0.00001, NaN].map(formatNumber)).toEqual([
    '45.83',
    '1648.0',
    '23,457',
    '0.0123',
    '1.0e-5',
    '–',
  ]);
  expect([950, 3505152].map(formatCount)).toEqual(['950', '3.51 M']);
  expect(formatParameters({ parameters: 3505152 })).toBe('3.51 M');
  expect(formatParameters({ parameters: 3505152, activeParameters: 2100000 })).toBe(
    '3.51 M (2.10 M a token)',
  );
  expect([2725.7, 349.4, 35.67, 3.1, 0.312].map(formatMilliseconds)).toEqual([
    '2,726 ms',
    '349 ms',
    '35.7 ms',
    '3.10 ms',
    '0.312 ms',
  ]);
});

test('metrics become plain numbers with their standard errors', () => {
  const estimate = (value: number) => ({ value, standardError: value / 10 });
  const metrics = {
    evaluation: 'perplexity',
    figures: { perplexity: estimate(40), meanKl: estimate(0.5), kl99: 2 },
    count: 510,
    protocol: 'a.txt, 2 windows',
  };
  expect(flattenMetrics(metrics)).toEqual({
    perplexity: 40,
    perplexityStandardError: 4,
    meanKl: 0.5,
    meanKlStandardError: 0.05,
    kl99: 2,
    perplexityCount: 510,
    perplexityProtocol: 'a.txt, 2 windows',
  });
});
