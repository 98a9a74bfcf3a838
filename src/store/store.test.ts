import { expect, test, vi } from 'vitest';
import type { Lab, Metrics, Progress, Report, VariantInfo } from '../lab/protocol/protocol';
import { restoreFromAddress } from './address';
import { BASE_KEY } from './lab-state';
import { createLabStore, type LabContext, runOperation } from './lab-store';
import { waitForGzipSizes } from './gzip-sizes';
import { openDeviceAndModel, openFiles } from './open-actions';
import { reportOf } from './page-report';
import { changeStep, loadRecipeText, moveStep, PRESETS, removeStep, setDraft } from './recipe-actions';
import { recordedRows } from './rows';
import { makeOnDevice, compress, discard, evaluate, toggleSelected } from './variant-actions';

const size = { denseBytes: 400, storedBytes: 100, bitsPerWeight: 8, parameters: 100 };
const info = (id: string): VariantInfo => ({
  id,
  name: 'int8',
  task: 'causal-lm',
  recipe: PRESETS[0],
  size,
  layers: [],
  gpuBytes: 100,
  seconds: 1,
  exports: [],
});

const variantReport = (name: string) => ({
  name,
  recipe: { name, steps: [] },
  metrics: { perplexity: 46 },
  size: { ...size, gzipBytes: 90 },
  seconds: 9,
  training: [],
  layers: [],
});
const report = {
  base: variantReport('base model'),
  variants: [variantReport('recorded int8')],
} as unknown as Report;

function context(lab: Partial<Lab> = {}): LabContext {
  return {
    store: createLabStore({ rows: recordedRows(report) }),
    lab: { unfinishedTraining: async () => [], finishedTraining: async () => [], ...lab } as Lab,
  };
}

test('a recorded comparison becomes rows, the base first', () => {
  const { rows } = context().store.getState();
  expect(rows.map(({ key, metricsFrom }) => [key, metricsFrom])).toEqual([
    [BASE_KEY, 'recorded'],
    ['recorded-1', 'recorded'],
  ]);
});

test('compressing adds a row with a unique name and selects it', async () => {
  const lab = context({ compress: vi.fn(async () => info('variant-1')) });
  await compress(lab, PRESETS[0]);
  await compress(lab, PRESETS[0]);
  const { rows, selected, operation } = lab.store.getState();
  expect(rows.map(({ name }) => name)).toEqual(['base model', 'recorded int8', 'int8', 'int8 (2)']);
  expect(selected).toHaveLength(2);
  expect(operation).toBeUndefined();
});

test('a failed operation becomes a notice and changes nothing else', async () => {
  const lab = context({ compress: () => Promise.reject(new Error('Groups of 5 do not divide the width.')) });
  const before = lab.store.getState().rows;
  expect(await compress(lab, PRESETS[0])).toBe(false);
  expect(lab.store.getState().rows).toBe(before);
  expect(lab.store.getState().notices).toMatchObject([
    { kind: 'error', text: 'Groups of 5 do not divide the width.' },
  ]);
});

test('cancel aborts the signal without a notice; a second operation is refused meanwhile', async () => {
  const lab = context();
  const running = runOperation(
    lab,
    'Long',
    ({ signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
      }),
  );
  expect(await runOperation(lab, 'Another', async () => undefined)).toBe(false);
  expect(lab.store.getState().notices[0].text).toContain('"Long" is still running');
  lab.store.getState().operation!.cancel();
  expect(await running).toBe(false);
  expect(lab.store.getState().notices).toHaveLength(1);
});

test('progress after the end does not show the operation again', async () => {
  const lab = context();
  let report: (progress: Progress) => void = () => undefined;
  await runOperation(lab, 'Short', async ({ onProgress }) => void (report = onProgress));
  report({ label: 'Done', done: 1, total: 1, unit: 'matrices' });
  expect(lab.store.getState().operation).toBeUndefined();
});

test('measuring makes recorded variants here first, and its figures replace the recorded ones', async () => {
  const metrics: Metrics = {
    evaluation: 'perplexity',
    figures: { perplexity: { value: 50, standardError: 1 } },
    count: 9,
    protocol: 'a text',
  };
  const lab = context({
    compress: vi.fn(async () => info('variant-1')),
    evaluate: vi.fn(async (ids: readonly string[]) => Object.fromEntries(ids.map((id) => [id, metrics]))),
  });
  lab.store.setState(({ rows }) => ({
    rows: rows.map((row) => (row.key === BASE_KEY ? { ...row, id: 'base' } : row)),
  }));
  lab.store.setState({ recording: { recordedAt: '2026-01-01', device: {} as never } });
  const data = { name: 'a text', kind: 'text', content: 'x' } as const;
  await evaluate(lab, [{ evaluation: 'perplexity', data }]);
  expect(lab.store.getState().rows.map(({ id, metrics: { perplexity } }) => [id, perplexity])).toEqual([
    ['base', 50],
    ['variant-1', 50],
  ]);
  expect(lab.store.getState().recording).toBeUndefined();
});

test('the row of a variant of another task is unchanged by an evaluation without figures for it', async () => {
  const metrics: Metrics = {
    evaluation: 'accuracy',
    figures: { accuracy: { value: 0.8, standardError: 0.1 } },
    count: 10,
    protocol: 'p',
  };
  const lab = context({
    compress: vi.fn(async () => ({ ...info('variant-1'), task: 'sequence-classification' as const })),
    evaluate: vi.fn(async () => ({ 'variant-1': metrics })),
  });
  lab.store.setState({ rows: [{ ...recordedRows(report)[0], id: 'base' }] });
  await compress(lab, PRESETS[0]);
  const data = { name: 'films', kind: 'labelled', content: 'x' } as const;
  await evaluate(lab, [{ evaluation: 'accuracy', data }]);
  const [base, classifier] = lab.store.getState().rows;
  expect(base).toMatchObject({ metrics: { perplexity: 46 }, metricsFrom: 'recorded' });
  expect(classifier).toMatchObject({
    task: 'sequence-classification',
    metrics: { accuracy: 0.8 },
    metricsFrom: 'here',
  });
});

test('discarding frees the variant and keeps the base', async () => {
  const freed: string[] = [];
  const lab = context({
    compress: async () => info('variant-1'),
    discard: async (id) => void freed.push(id),
  });
  await makeOnDevice(lab, ['recorded-1']);
  toggleSelected(lab, 'recorded-1');
  await discard(lab, 'recorded-1');
  await discard(lab, BASE_KEY);
  expect(freed).toEqual(['variant-1']);
  expect(lab.store.getState().rows.map(({ key }) => key)).toEqual([BASE_KEY]);
  expect(lab.store.getState().selected).toEqual([]);
});

test('a recipe is edited step by step', () => {
  const lab = context();
  setDraft(
    lab,
    PRESETS.find(({ steps }) => steps.length === 2)!,
  );
  const [first, second] = lab.store.getState().draft.steps;
  moveStep(lab, 0, 1);
  expect(lab.store.getState().draft.steps).toEqual([second, first]);
  changeStep(lab, 0, { targets: ['transformer.wte'] });
  removeStep(lab, 1);
  expect(lab.store.getState().draft.steps).toEqual([{ ...second, targets: ['transformer.wte'] }]);
  expect(loadRecipeText(lab, '{', 'broken.json')).toBe(false);
  expect(loadRecipeText(lab, '{"name": "x"}', 'other.json')).toBe(false);
  expect(lab.store.getState().draft.steps).toHaveLength(1);
  expect(lab.store.getState().notices.map(({ text }) => text.split(' (')[0])).toEqual([
    'broken.json is not a recipe',
    'other.json is not a recipe',
  ]);
});

test('the address carries theme and recipe; an invalid one is ignored', () => {
  const draft = encodeURIComponent(JSON.stringify(PRESETS[0]));
  expect(restoreFromAddress(`#theme=dark&recipe=${draft}`)).toEqual({ theme: 'dark', draft: PRESETS[0] });
  expect(restoreFromAddress('#theme=mauve&recipe={')).toEqual({});
});

test('a recipe without parameters gets the defaults that its form needs; other JSON is rejected', () => {
  const lab = context();
  expect(loadRecipeText(lab, '{"steps":[{"method":"low-rank"}]}', 'short.json')).toBe(true);
  expect(lab.store.getState().draft).toEqual({
    name: 'My recipe',
    steps: [{ method: 'low-rank', targets: ['Linear'], ignore: [], parameters: {} }],
  });
  for (const text of ['null', '{"steps":[null]}', '{"steps":[{"method":"low-rank","targets":"Linear"}]}']) {
    expect(loadRecipeText(lab, text, 'odd.json')).toBe(false);
  }
  expect(restoreFromAddress('#recipe={"steps":[null]}')).toEqual({});
});

test('a report describes one device: it omits recorded figures once something was measured here', () => {
  const lab = context();
  const here = { description: 'this GPU' } as never;
  const there = { description: 'another GPU' } as never;
  lab.store.setState({
    model: { name: 'm' } as never,
    device: { status: 'ready', info: here },
    recording: { recordedAt: '2026-01-01T00:00:00Z', device: there },
  });
  expect(reportOf(lab.store.getState())).toMatchObject({
    recordedAt: '2026-01-01T00:00:00Z',
    device: there,
    base: { metrics: { perplexity: 46 }, seconds: 9, training: [] },
  });
  const latency = { prefillTokensPerSecond: { median: 1, p95: 1, runs: 1 } } as never;
  lab.store.setState(({ rows }) => ({ rows: rows.map((row) => ({ ...row, latency, latencyFrom: 'here' })) }));
  const report = reportOf(lab.store.getState())!;
  expect(report.device).toBe(here);
  expect(report.base).toMatchObject({ metrics: {}, latency });
  expect([report.base.seconds, report.base.training]).toEqual([undefined, undefined]);
});

test('reopening the device loads a demo that failed to load, and keeps the recorded comparison', async () => {
  const opened = { model: { name: 'fairy-tales-gpt2' }, base: info('base') } as never;
  const lab = context({
    openDevice: async () => ({}) as never,
    methods: async () => [],
    openCheckpoint: async () => opened,
  });
  vi.stubGlobal('fetch', async () => new Response('x'));
  const demo = { id: 'fairy-tales-gpt2', title: 'Demo', files: [{ name: 'config.json', bytes: 1 }] };
  lab.store.setState({ demos: [demo], recording: { recordedAt: '2026-01-01', device: {} as never } });
  await openDeviceAndModel(lab);
  const { rows, model, generation } = lab.store.getState();
  expect(model?.name).toBe('fairy-tales-gpt2');
  expect(rows.map(({ key, id }) => [key, id])).toEqual([
    [BASE_KEY, 'base'],
    ['recorded-1', undefined],
  ]);
  expect(generation).toBe(1);
  vi.unstubAllGlobals();
});

test('a variant is shown before its gzip size; a report waits for it', async () => {
  let arrive: (bytes: number) => void = () => undefined;
  const gzipBytes = vi.fn(() => new Promise<number>((resolve) => (arrive = resolve)));
  const lab = context({ compress: async () => info('variant-1'), gzipBytes });
  await compress(lab, PRESETS[0]);
  const row = () => lab.store.getState().rows.at(-1)!;
  expect(lab.store.getState().operation).toBeUndefined();
  expect(row()).toMatchObject({ gzip: 'measuring', size: { storedBytes: 100 } });
  expect(row().size.gzipBytes).toBeUndefined();
  gzipBytes.mockImplementationOnce(async () => 90);
  expect(await waitForGzipSizes(lab)).toBe(true);
  arrive(90);
  await vi.waitFor(() => expect(row().gzip).toBeUndefined());
  expect(row().size.gzipBytes).toBe(90);
  expect(gzipBytes.mock.calls.map(([id]: unknown[]) => id)).toEqual(['variant-1', 'variant-1']);
  expect(await waitForGzipSizes(lab)).toBe(true);
});

test('waiting for gzip sizes can be cancelled; a failed measurement is shown in its row', async () => {
  let fail: (error: Error) => void = () => undefined;
  const lab = context({
    compress: async () => info('variant-1'),
    gzipBytes: (_, options) =>
      new Promise<number>((_resolve, reject) => {
        options?.signal?.addEventListener('abort', () => reject(options.signal!.reason as Error));
        if (!options) fail = reject;
      }),
  });
  await compress(lab, PRESETS[0]);
  const waiting = waitForGzipSizes(lab);
  lab.store.getState().operation!.cancel();
  expect(await waiting).toBe(false);
  expect(lab.store.getState().rows.at(-1)!.gzip).toBe('measuring');
  fail(new Error('the device is gone'));
  await vi.waitFor(() => expect(lab.store.getState().rows.at(-1)!.gzip).toBe('failed'));
  expect(lab.store.getState().notices).toEqual([]);
});

test('the gzip size of a replaced model is not shown for the next one', async () => {
  const arrivals: ((bytes: number) => void)[] = [];
  const lab = context({
    openCheckpoint: async () => ({ model: { name: 'm' } as never, base: info('base') }),
    gzipBytes: () => new Promise((resolve) => arrivals.push(resolve)),
  });
  await openFiles(lab, []);
  await openFiles(lab, []);
  arrivals[0](11);
  arrivals[1](22);
  await vi.waitFor(() => expect(lab.store.getState().rows[0].size.gzipBytes).toBe(22));
});
