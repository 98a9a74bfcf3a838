import { gzipSync } from 'node:zlib';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { currentGpu } from '../engines/webgpu/device';
import { installNodeGpu } from '../engines/webgpu/node-gpu';
import { folderFiles } from '../testing/folder-checkpoint';
import { memorySink } from '../testing/memory-sink';
import { figureValue } from '../evaluation/figures';
import { LatheLab } from './lab';
import type { EvaluationRequest, NamedFile, Progress, Recipe } from './protocol/protocol';

const fixtures = join(import.meta.dirname, '../testing/fixtures');
const text =
  'Once upon a time there was a king who had a garden, and in the garden stood a tree that bore apples.';
const request: EvaluationRequest = {
  evaluation: 'perplexity',
  data: { name: 'tale.txt', kind: 'text', content: text },
  parameters: { window: 32, stride: 16 },
};

const recipe = (method: string, parameters: Record<string, unknown>, targets = ['Linear']): Recipe => ({
  name: method,
  steps: [{ method, targets, ignore: [], parameters }],
});

const RECIPES: Recipe[] = [
  recipe('magnitude-pruning', { sparsity: 0.5 }),
  recipe('magnitude-pruning', { pattern: '2:4' }),
  recipe('magnitude-pruning', { pattern: 'rows', sparsity: 0.25 }),
  recipe('round-to-nearest', { bits: 4, strategy: 'group', groupSize: 8, symmetric: false }),
  recipe('kronecker', { terms: 2, aShape: ['1/2', '1/2'] }),
  recipe('tensor-train', { rows: ['1/4', '4'], columns: ['1/4', '4'], maxRank: 6 }),
  recipe('low-rank', { parametersKept: 0.5 }, ['Linear', 'transformer.wte']),
  {
    name: 'prune, factorize, quantize',
    steps: [
      ...recipe('magnitude-pruning', { sparsity: 0.2 }).steps,
      ...recipe('low-rank', { rank: 8 }).steps,
      ...recipe('round-to-nearest', { bits: 8 }).steps,
    ],
  },
  {
    name: 'quantize, then code',
    steps: [
      ...recipe('round-to-nearest', { bits: 4 }).steps,
      ...recipe('entropy-coding', {}, ['Linear', 'transformer.wte']).steps,
    ],
  },
];

let lab: LatheLab;

// All tests share one device, because compiling every kernel again takes longer than the tests.
beforeAll(async () => {
  installNodeGpu();
  lab = new LatheLab();
  await lab.openDevice();
  await open();
});

// Reopening the model discards the variants of a test.
afterEach(() => open());

afterAll(() => lab.endSession());

async function open(name = 'tiny-gpt2') {
  return lab.openCheckpoint(await folderFiles(join(fixtures, name)));
}

async function exported(id: string, exportId: string): Promise<NamedFile[]> {
  const { sink, files } = memorySink();
  await lab.export(id, exportId, sink);
  return files();
}

const weightsOf = (files: readonly NamedFile[]) =>
  files.find(({ path }) => path.endsWith('model.safetensors'))!.blob;

describe.each(RECIPES)('a variant by $name $steps.0.parameters', (recipe) => {
  test('its bytes are those of its file, and the file reloads to the same predictions', async () => {
    const { base } = await open();
    const info = await lab.compress(recipe);
    const files = await exported(info.id, 'lathe');
    const blob = weightsOf(files);
    expect(info.size.storedBytes).toBe(blob.size);
    expect(info.size.bitsPerWeight).toBeCloseTo((8 * blob.size) / base.size.parameters, 10);
    expect(
      info.layers.every(({ relativeError }) => relativeError >= 0 && Number.isFinite(relativeError)),
    ).toBe(true);

    const imported = await lab.importVariant(files);
    const metrics = await lab.evaluate([info.id, imported.id], request);
    expect(metrics[imported.id]).toEqual(metrics[info.id]);

    const asBase = await lab.openCheckpoint(files);
    expect(asBase.base.size.bitsPerWeight).toBeCloseTo(
      (8 * asBase.base.size.storedBytes) / base.size.parameters,
      10,
    );
    const reopened = await lab.evaluate([], request);
    expect(reopened.base.figures.perplexity).toEqual(metrics[info.id].figures.perplexity);
  });
});

test('decoding time is reported for entropy-coded variants, made or imported, and for no others', async () => {
  const { base } = await open();
  expect(base.decodeSeconds).toBeUndefined();
  const info = await lab.compress(recipe('entropy-coding', {}));
  const imported = await lab.importVariant(await exported(info.id, 'lathe'));
  for (const { decodeSeconds, gpuBytes, size } of [info, imported]) {
    expect(decodeSeconds).toBeGreaterThan(0);
    expect(gpuBytes).toBe(base.gpuBytes);
    expect(size.storedBytes).toBeLessThan(base.size.storedBytes);
  }
});

test('a dense export holds the float32 weights under their own names and sizes', async () => {
  const { base } = await open();
  const info = await lab.compress(RECIPES[0]);
  const files = await exported(info.id, 'dense');
  expect(weightsOf(files).size).toBe(base.size.denseBytes);
  expect(files.map(({ path }) => path).sort()).toEqual([
    'export/config.json',
    'export/model.safetensors',
    'export/tokenizer.json',
    'export/tokenizer_config.json',
  ]);
  const before = await lab.evaluate([info.id], request);
  await lab.openCheckpoint(files);
  const after = await lab.evaluate([], request);
  expect(figureValue(after.base, 'perplexity')).toBeCloseTo(figureValue(before[info.id], 'perplexity')!, 3);
});

test('gzip bytes agree with zlib to 1 % and are measured once', async () => {
  await open();
  const info = await lab.compress(RECIPES[0]);
  const progress: number[] = [];
  const onProgress = ({ done, total }: Progress) => progress.push(done / total);
  const [size, joined] = await Promise.all([
    lab.gzipBytes(info.id, { onProgress }),
    lab.gzipBytes(info.id, { onProgress: () => undefined }),
  ]);
  const bytes = new Uint8Array(await weightsOf(await exported(info.id, 'lathe')).arrayBuffer());
  expect(size / gzipSync(bytes).length).toBeCloseTo(1, 2);
  expect(joined).toBe(size);
  expect(progress.at(-1)).toBe(1);
  expect(await lab.gzipBytes(info.id, { onProgress })).toBe(size);
  expect(progress.filter((share) => share === 1)).toHaveLength(1);
});

test('a variant is used while its gzip size is measured; the measurement ends with it', async () => {
  await open();
  const info = await lab.compress(RECIPES[0]);
  const order: string[] = [];
  const base = lab.gzipBytes('base').then(() => order.push('base'));
  const gone = expect(lab.gzipBytes(info.id)).rejects.toMatchObject({ name: 'AbortError' });
  await lab.evaluate([info.id], request).then(() => order.push('evaluation'));
  await lab.discard(info.id);
  await gone;
  await base;
  expect(order).toEqual(['evaluation', 'base']);
  await expect(lab.gzipBytes(info.id)).rejects.toThrow(`There is no variant "${info.id}"`);
  const { usedBytes, allocatedBytes } = await lab.memory();
  expect(allocatedBytes).toBe(usedBytes);
});

test('opening another checkpoint ends the measurements of the previous one', async () => {
  const { base: before } = await open();
  const gone = expect(lab.gzipBytes('base')).rejects.toMatchObject({ name: 'AbortError' });
  const { base } = await open('tiny-bert');
  await gone;
  expect(await lab.gzipBytes('base')).toBeLessThan(base.size.storedBytes);
  expect(base.size.storedBytes).not.toBe(before.size.storedBytes);
});

test('ten rounds of compress and discard free all memory', async () => {
  await open();
  await lab.evaluate([], request);
  const before = await lab.memory();
  for (let round = 0; round < 10; round++) {
    const info = await lab.compress(RECIPES[round % RECIPES.length]);
    await lab.evaluate([info.id], request);
    await lab.discard(info.id);
  }
  const after = await lab.memory();
  expect(after.tensors).toBe(before.tensors);
  expect(after.usedBytes).toBe(before.usedBytes);
  expect(after.allocatedBytes).toBe(before.allocatedBytes);
});

test('after an evaluation of many lengths the device holds no more than the weights', async () => {
  await open('tiny-bert');
  const lines = ['a film\t1', 'a good film\t1', 'a good and long film .\t0', 'a bad , bad , bad film\t0'];
  const data = { name: 's.tsv', kind: 'labelled', content: lines.join('\n') } as const;
  await lab.evaluate([], { evaluation: 'accuracy', data });
  const { usedBytes, allocatedBytes } = await lab.memory();
  expect(allocatedBytes).toBe(usedBytes);
});

test('a cancelled compression leaves the variants as they were', async () => {
  await open();
  const kept = await lab.compress(RECIPES[0]);
  const before = await lab.memory();
  const controller = new AbortController();
  const onProgress = () => controller.abort();
  await expect(lab.compress(RECIPES[6], { signal: controller.signal, onProgress })).rejects.toThrow(
    'aborted',
  );
  expect((await lab.memory()).tensors).toBe(before.tensors);
  expect(figureValue((await lab.evaluate([kept.id], request))[kept.id], 'perplexity')).toBeGreaterThan(1);
});

test('a checkpoint that fails to load leaves the open one', async () => {
  const { base } = await open();
  const files = (await folderFiles(join(fixtures, 'tiny-gpt2'))).map((file) =>
    file.path.endsWith('model.safetensors') ? { ...file, blob: file.blob.slice(0, 5000) } : file,
  );
  await expect(lab.openCheckpoint(files)).rejects.toThrow('model.safetensors is truncated');
  expect((await lab.evaluate([base.id], request)).base.count).toBeGreaterThan(10);
});

test.each([
  ['a full disk while writing', 'write'],
  ['a refused file', 'open'],
] as const)('%s is reported in one sentence, and the variant stays', async (_, failing) => {
  await open();
  const info = await lab.compress(RECIPES[0]);
  const { sink } = memorySink();
  let takenAway = 0;
  const abort = async () => void takenAway++;
  const broken = { ...sink, abort, [failing]: () => Promise.reject(new Error('No space left on device')) };
  await expect(lab.export(info.id, 'lathe', broken)).rejects.toThrow(
    /could not be written.*No space left on device.*still open/,
  );
  expect(takenAway).toBe(failing === 'write' ? 1 : 0);
  expect((await exported(info.id, 'lathe')).length).toBeGreaterThan(3);
});

test('a lost device is reported once and reopened with the same variants', async () => {
  await open();
  const info = await lab.compress(RECIPES[3]);
  const before = await lab.evaluate([info.id], request);
  const lost = new Promise<string>((resolve) => void lab.onDeviceLost(resolve));
  currentGpu().device.destroy();
  expect(await lost).toContain('The graphics device was lost');
  await expect(lab.evaluate([info.id], request)).rejects.toThrow('No graphics device is open');
  await lab.openDevice();
  expect(await lab.evaluate([info.id], request)).toEqual(before);
});

test('predictions of each task', async () => {
  const generation = { prompt: 'Once upon', maxNewTokens: 5, temperature: 0 };
  await open();
  const streamed: number[] = [];
  const { tokens } = await lab.predict('base', generation, { onToken: ({ id }) => streamed.push(id) });
  expect(tokens!.map(({ id }) => id)).toEqual(streamed);
  expect(tokens).toHaveLength(5);
  await open('tiny-bert');
  const { labels } = await lab.predict('base', { ...generation, prompt: 'a good film .' });
  expect(labels!.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 6);
  await open('tiny-bert-mlm');
  const { masks } = await lab.predict('base', { ...generation, prompt: 'the [MASK] .' });
  expect(masks![0].candidates).toHaveLength(5);
  await expect(lab.predict('base', { ...generation, prompt: 'the king' })).rejects.toThrow(
    'The text has no [MASK]',
  );
  await expect(lab.predict('base', { ...generation, prompt: ' ' })).rejects.toThrow('The text is empty');
});

test('histograms count every weight once', async () => {
  const { model } = await open();
  const info = await lab.compress(RECIPES[0]);
  const { name, shape } = model.modules[1];
  const { before, after } = await lab.histograms(info.id, name);
  for (const { counts } of [before, after]) {
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(shape[0] * shape[1]);
  }
  await expect(lab.histograms(info.id, 'transformer.h.9')).rejects.toThrow('no module "transformer.h.9"');
});

test.each([
  [
    { name: 'x', steps: [{ method: 'low-rank', targets: ['nothing'], parameters: { rank: 2 } }] },
    'matches no module',
  ],
  [
    { name: 'x', steps: [{ method: 'low-rank', targets: ['Linear'], parameters: { rnk: 2 } }] },
    'unknown key "rnk"',
  ],
  [recipe('low-rank', { rank: 5000 }), 'has no rank of 5000; the greatest is'],
])('the recipe %j is rejected and leaves nothing behind', async (json, message) => {
  await open();
  const before = await lab.memory();
  await expect(lab.compress(json)).rejects.toThrow(message);
  expect((await lab.memory()).tensors).toBe(before.tensors);
});

test('importing another shape reports which module differs', async () => {
  await open('tiny-bert');
  const files = await exported('base', 'dense');
  await open('tiny-gpt2');
  await expect(lab.importVariant(files)).rejects.toThrow(
    'transformer.wte is 97×24 here and is missing there',
  );
});

test.each([
  ['', 'tale.txt is empty'],
  ['a', 'The text has only one token'],
])('the text %j is rejected in one sentence', async (content, message) => {
  await open();
  const data = { name: 'tale.txt', kind: 'text', content } as const;
  await expect(lab.evaluate([], { ...request, data })).rejects.toThrow(message);
});
