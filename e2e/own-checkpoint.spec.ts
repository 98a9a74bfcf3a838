import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { unzipSync } from 'fflate';
import type { Report } from '../src/lab/protocol/protocol';
import { idle, openFiles, openPage, tinyCheckpoint } from './open-page';

async function choosePreset(page: Page, name: string): Promise<void> {
  await page.getByRole('combobox', { name: 'Start from' }).selectOption(name);
}

async function compress(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Compress', exact: true }).click();
  await idle(page);
}

const tableRow = (page: Page, name: RegExp | string) =>
  page.getByRole('region', { name: 'Table of variants' }).getByRole('row', { name });

test('own checkpoint: compress four ways, measure, compare, export, import', async ({ page }) => {
  await openPage(page);
  await openFiles(page, tinyCheckpoint('tiny-gpt2'));
  await expect(page.getByTestId('model-name')).toHaveText('model');
  await idle(page);
  await expect(tableRow(page, /as it was trained/)).toContainText(/gzip (measuring …|[\d.]+ kB)/);
  for (const preset of [
    'int8 per channel',
    'Magnitude 50 %',
    'Kronecker, A half the rows',
    'Low rank, then int8',
  ]) {
    await choosePreset(page, preset);
    await expect(page.getByText(/^8 matrices$/).first()).toBeVisible();
    await compress(page);
  }
  const ownText = {
    name: 'tale.txt',
    mimeType: 'text/plain',
    buffer: Buffer.from('Once upon a time there was a king. '.repeat(8)),
  };
  await page.getByRole('combobox', { name: 'Text', exact: true }).selectOption('own');
  await page.locator('input[type=file][accept*=".tsv"]').setInputFiles(ownText);
  await page.getByRole('button', { name: 'Measure perplexity' }).click();
  await idle(page);
  await page.getByRole('spinbutton', { name: 'Runs' }).fill('2');
  await page.getByRole('button', { name: 'Measure latency' }).click();
  await idle(page);
  await expect(page.getByRole('figure', { name: 'Quality against size: 5 variants' })).toBeVisible();
  await expect(page.getByRole('figure', { name: 'Quality against latency: 5 variants' })).toBeVisible();
  await expect(page.getByText(/Measured on: tale.txt, 4 windows of 32 tokens/)).toBeVisible();

  await page.getByRole('tab', { name: 'Layers' }).click();
  await page
    .getByRole('table', { name: /Relative error of each matrix of Low rank, then int8/ })
    .getByRole('button')
    .first()
    .click();
  await expect(page.getByRole('figure', { name: /Weights of Low rank, then int8/ })).toBeVisible();

  await expect(page.getByText(/^gzip [\d.]+ kB$/)).toHaveCount(5);
  const [saved] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Save report' }).click(),
  ]);
  const report = JSON.parse(await readFile(await saved.path(), 'utf8')) as Report;
  for (const { size } of [report.base, ...report.variants])
    expect(size.gzipBytes).toBeLessThan(size.storedBytes);

  await page.evaluate(() => Reflect.deleteProperty(window, 'showDirectoryPicker'));
  const folder = await mkdtemp(join(tmpdir(), 'lathe-export-'));
  const variant = tableRow(page, /Low rank, then int8/);
  await variant.getByRole('button', { name: 'Export' }).click();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('menuitem', { name: /Compressed/ }).click(),
  ]);
  const zip = unzipSync(await readFile(await download.path()));
  for (const [path, bytes] of Object.entries(zip))
    await writeFile(join(folder, path.split('/').pop()!), bytes);
  const files = await readdir(folder);
  expect(files.sort()).toEqual([
    'config.json',
    'model.safetensors',
    'recipe.json',
    'tokenizer.json',
    'tokenizer_config.json',
  ]);
  await idle(page);
  await page.locator('input[type=file][aria-label="Add exported variant"]').setInputFiles(folder);
  await expect(tableRow(page, /Low rank, then int8 \(imported\)/)).toBeVisible();
  await rm(folder, { recursive: true });
});

test('a BERT classifier from its demo: accuracy and a sentence', async ({ page }) => {
  await openPage(page);
  await page.getByRole('combobox', { name: 'Demo models' }).selectOption('sst2-bert');
  await expect(page.getByTestId('model-name')).toHaveText('sst2-bert', { timeout: 60_000 });
  await idle(page);
  await page.getByRole('button', { name: 'Measure accuracy' }).click();
  await idle(page);
  // PyTorch: 0.825 on the first 200 sentences.
  await expect(tableRow(page, /sst2-bert/)).toContainText('82.5 % ± 2.7 %');
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(page.getByRole('article', { name: 'Output of sst2-bert' })).toContainText(/POSITIVE\s*98/);
});

test('an error is reported in one sentence, and nothing is lost', async ({ page }) => {
  await openPage(page);
  const before = await page.getByRole('region', { name: 'Table of variants' }).getByRole('row').count();
  const file = (name: string, content: string | Buffer) => ({
    name,
    mimeType: 'application/octet-stream',
    buffer: Buffer.from(content),
  });
  const [config, , tokenizer] = await Promise.all(tinyCheckpoint('tiny-gpt2').map((path) => readFile(path)));
  const cases: [ReturnType<typeof file>[], RegExp][] = [
    [
      [file('notes.pdf', 'hello')],
      /notes.pdf is plain text; Lathe opens a Hugging Face folder \(config.json/,
    ],
    [
      [file('notes.txt', Buffer.from('89504e470d0a1a0a00', 'hex'))],
      /notes.txt is a PNG picture; Lathe opens/,
    ],
    [[file('model.gguf', 'GGUF\u0003\0\0\0')], /model.gguf is a GGUF file; give the folder/],
    [[file('model.safetensors', 'abc')], /This checkpoint lacks config.json and a tokenizer/],
    [
      [file('config.json', config), file('tokenizer.json', tokenizer), file('model.safetensors', 'abc')],
      /model.safetensors is 3 bytes long, too short/,
    ],
    [
      [
        file('config.json', '{"model_type":"llama"}'),
        file('tokenizer.json', tokenizer),
        file('model.safetensors', Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 0, 0, 0]), Buffer.from('{}')])),
      ],
      /This is a llama model; Lathe runs gpt2 and bert/,
    ],
    [[file('mine.json', '{')], /mine.json is not a recipe/],
  ];
  for (const [files, message] of cases) {
    await openFiles(page, files);
    const notice = page.getByRole('alert').filter({ hasText: message });
    await expect(notice).toBeVisible();
    await notice.getByRole('button', { name: 'Dismiss' }).click();
  }
  await page.getByRole('button', { name: 'As JSON' }).click();
  await page
    .getByRole('textbox', { name: 'Recipe JSON' })
    .fill('{"name":"x","steps":[{"method":"low-rank","targets":["Linear"],"parameters":{"rank":9999}}]}');
  await page.getByRole('button', { name: 'Use this recipe' }).click();
  await compress(page);
  await expect(
    page.getByRole('alert').filter({ hasText: /has no rank of 9999; the greatest is 192/ }),
  ).toBeVisible();
  await expect(page.getByTestId('model-name')).toHaveText('fairy-tales-gpt2');
  await expect(page.getByRole('region', { name: 'Table of variants' }).getByRole('row')).toHaveCount(before);
});
