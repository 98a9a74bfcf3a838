import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Report } from '../src/lab/protocol/protocol';
import expected from '../src/testing/fixtures/tiny-gpt2/expected.json';
import { runCommandLine } from './command-line';
import { run as runLab } from './run';

const fixtures = join(import.meta.dirname, '../src/testing/fixtures');
const run = (args: readonly string[]) => runCommandLine(args, runLab);
let folder = '';
let output = '';
let errors = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lathe-cli-'));
  [output, errors] = ['', ''];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((output += text), true));
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((errors += text), true));
});

afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true });
});

async function file(name: string, content: unknown): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const recipe = (name: string, method: string, parameters: Record<string, unknown>) => ({
  name,
  steps: [{ method, targets: ['Linear'], ignore: [], parameters }],
});

test('one run: a JSON document on stdout, the same in a file, variants exported', async () => {
  const status = await run([
    ...['--model', join(fixtures, 'tiny-gpt2')],
    ...['--recipe', await file('a.json', recipe('int8', 'round-to-nearest', { bits: 8 }))],
    ...['--recipe', await file('b.json', recipe('half rank', 'low-rank', { parametersKept: 0.5 }))],
    ...['--evaluate', `perplexity=${await file('t.txt', expected.text)}`, '--window', '32', '--stride', '32'],
    ...['--self-test', '--latency', '--runs', '2', '--prefill', '8', '--decode', '4'],
    ...['--report', join(folder, 'out.json'), '--export', join(folder, 'exported')],
  ]);
  expect(errors).toBe('');
  expect(status).toBe(0);
  const report = JSON.parse(output) as Report;
  expect(JSON.parse(await readFile(join(folder, 'out.json'), 'utf8'))).toEqual(report);
  const reference = expected.perplexity.find(({ window, stride }) => window === 32 && stride === 32)!;
  expect(Number(report.base.metrics.perplexity) / reference.perplexity).toBeCloseTo(1, 4);
  expect(report.variants.map(({ name }) => name)).toEqual(['int8', 'half rank']);
  const hasClock = report.device.features.includes('timestamp-query');
  for (const { metrics, size, latency, layers } of report.variants) {
    expect(metrics).toMatchObject({ meanKl: expect.any(Number), sameTop: expect.any(Number) });
    expect(size.storedBytes).toBeLessThan(size.denseBytes);
    expect(size.gzipBytes).toBeLessThan(size.storedBytes);
    expect(latency!.prefillTokensPerSecond).toEqual({
      median: expect.any(Number),
      p95: expect.any(Number),
      runs: 2,
    });
    expect(latency!.decodeTokensPerSecond!.runs).toBe(2);
    for (const { wall, gpu } of [latency!.prefillMilliseconds!, latency!.decodeMilliseconds!])
      expect([wall.runs, gpu?.runs]).toEqual([2, hasClock ? 2 : undefined]);
    expect(layers).toHaveLength(8);
  }
  expect(report.device.runtime).toContain('Node');
  expect((await readdir(join(folder, 'exported'))).sort()).toEqual(['half-rank', 'int8', 'tiny-gpt2']);
  const weights = await readFile(join(folder, 'exported/int8/lathe/model.safetensors'));
  expect(weights.length).toBe(report.variants[0].size.storedBytes);
});

test('a recipe that trains uses the only given text; a second run uses the cached result', async () => {
  const training = { steps: 3, batchSize: 2, sequenceLength: 8, evaluateEvery: 1, keepStateEvery: 1 };
  const low = { method: 'low-rank', targets: ['Linear'], parameters: { parametersKept: 0.5 } };
  const recovered = {
    name: 'recovered',
    steps: [low, { method: 'knowledge-distillation', targets: ['Linear'], parameters: training }],
  };
  const tale =
    'Once upon a time there was a king who had a garden, and in it stood a tree of golden apples. ';
  const command = [
    ...['--model', join(fixtures, 'tiny-gpt2'), '--recipe', await file('r.json', recovered)],
    ...['--train', await file('tale.txt', tale), '--state', join(folder, 'states')],
  ];
  const status = await run(command);
  expect([status, errors]).toEqual([0, '']);
  const [{ recipe, layers, size }] = (JSON.parse(output) as Report).variants;
  expect(recipe.training).toEqual({ text: 'tale.txt', heldOutShare: 0.02, seed: 0 });
  expect(layers.map(({ form }) => form)).toEqual(Array(8).fill('low-rank'));
  const kept = (await readdir(join(folder, 'states'))).map((name) => name.replace(/^[0-9a-f]{64}/, 'id'));
  expect(kept.sort()).toEqual(['id-result', 'last-used']);
  [output, errors] = ['', ''];
  expect(await run(command)).toBe(0);
  expect(errors).toMatch(/^lathe: Reused the result of .*, 3 steps\.\n$/);
  expect((JSON.parse(output) as Report).variants[0]).toMatchObject({ recipe, layers, size });
});

test('a report or an export that cannot be written: the figures are printed, with one line of error and a status', async () => {
  const blocked = await file('blocked', 'a file where a folder should be');
  const model = ['--model', join(fixtures, 'tiny-gpt2')];
  expect(await run([...model, '--report', join(blocked, 'out.json')])).toBe(1);
  expect(errors).toMatch(/^lathe: The report .* cannot be written \((ENOTDIR|EEXIST)\)/);
  expect((JSON.parse(output) as Report).base.name).toBe('tiny-gpt2');
  [output, errors] = ['', ''];
  expect(await run([...model, '--export', blocked])).toBe(1);
  expect(errors).toMatch(/^lathe: config\.json could not be written .*choose another place/);
  expect(errors.trimEnd()).not.toContain('\n');
  expect((JSON.parse(output) as Report).variants).toEqual([]);
});

test('a classifier without a recipe: the base alone', async () => {
  const status = await run([
    ...['--model', join(fixtures, 'tiny-bert')],
    ...[
      '--evaluate',
      `accuracy=${await file('s.tsv', 'a good film .\t1\na bad film .\t0\n')}`,
      '--max-examples',
      '1',
    ],
  ]);
  expect(status).toBe(0);
  const report = JSON.parse(output) as Report;
  expect(report.variants).toEqual([]);
  expect(report.base.metrics.accuracyCount).toBe(1);
});

test('a recipe that changes the task: each figure for the models with its task', async () => {
  const training = { steps: 2, batchSize: 2, sequenceLength: 8, evaluateEvery: 1 };
  const taught = {
    name: 'taught',
    steps: [
      { method: 'classification-head', targets: ['re:.*'], parameters: { labels: 'poor, good' } },
      { method: 'fine-tuning', targets: ['re:.*'], parameters: training, training: { text: 'films.tsv' } },
    ],
  };
  const films = 'a good film .\t1\na bad film .\t0\nthe king was good\t1\nit was bad\t0\nand so on\t1\n';
  const command = [
    ...['--model', join(fixtures, 'tiny-bert-mlm'), '--recipe', await file('t.json', taught)],
    ...['--train', await file('films.tsv', films)],
    ...['--evaluate', `accuracy=${await file('s.tsv', 'was it a tale ?\t1\nwork !\tpoor\n')}`],
  ];
  const text = await file('text.txt', 'The sons had to grind, the donkey to haul grain.');
  expect(await run([...command, '--evaluate', `pseudo-perplexity=${text}`, '--max-tokens', '8'])).toBe(0);
  const { base, variants } = JSON.parse(output) as Report;
  expect([base.task, variants[0].task]).toEqual(['masked-lm', 'sequence-classification']);
  expect(Object.keys(base.metrics)).toContain('pseudoPerplexity');
  expect(Object.keys(base.metrics)).not.toContain('accuracy');
  expect(variants[0].metrics.accuracyCount).toBe(2);
  expect(Object.keys(variants[0].metrics)).not.toContain('pseudoPerplexity');
  errors = '';
  expect(await run([...command, '--evaluate', `perplexity=${text}`])).toBe(1);
  expect(errors).toContain('evaluate its pseudo-perplexity, not its perplexity');
});

test.each([
  ['a folder that is not there', ['--model', '/nowhere'], 'is not a folder'],
  [
    'a recipe that is not there',
    ['--model', join(fixtures, 'tiny-gpt2'), '--recipe', '/nowhere.json'],
    'cannot be read (ENOENT)',
  ],
  ['no arguments', [], '--model DIR is missing'],
])('%s: one line of error and a status', async (_, args, message) => {
  expect(await run(args)).toBe(1);
  expect(errors).toContain(message);
  expect(errors.trimEnd()).not.toContain('\n');
  expect(output).toBe('');
});

test('files that are not a checkpoint are reported by name and file type', async () => {
  const model = join(folder, 'model.gguf');
  await writeFile(model, Uint8Array.of(0x47, 0x47, 0x55, 0x46, 3, 0, 0, 0));
  for (const [path, name] of [
    [model, 'model.gguf'],
    [folder, `${basename(folder)}/model.gguf`],
  ]) {
    errors = '';
    expect(await run(['--model', path])).toBe(1);
    expect(errors).toMatch(/^lathe: [^\n]*\n$/);
    expect(errors).toContain(
      `${name} is a GGUF file; give the folder that it was converted from: Lathe opens`,
    );
  }
});

test('a recipe that does not fit, an empty text', async () => {
  const model = ['--model', join(fixtures, 'tiny-gpt2')];
  const misfit = await file('m.json', recipe('x', 'round-to-nearest', { strategy: 'group', groupSize: 7 }));
  expect(await run([...model, '--recipe', misfit])).toBe(1);
  expect(errors).toContain('Groups of 7 do not divide the width');
  errors = '';
  expect(await run([...model, '--evaluate', `accuracy=${await file('s.tsv', 'a film\t1')}`])).toBe(1);
  expect(errors).toContain('tiny-gpt2 is a causal-lm model; evaluate its perplexity, not its accuracy.');
  errors = '';
  expect(await run([...model, '--evaluate', `perplexity=${await file('e.txt', ' \n')}`])).toBe(1);
  expect(errors).toContain('e.txt is empty');
});
