import { readFile } from 'node:fs/promises';
import { expect, type Page, test } from '@playwright/test';
import { idle, openFiles, openPage, tinyCheckpoint } from './open-page';

const TALE =
  'A miller had three sons, his mill, a donkey, and a cat. The sons had to grind, the donkey to haul grain and carry away the flour, and the cat to catch the mice. ';

const tableRow = (page: Page, name: RegExp | string) =>
  page.getByRole('region', { name: 'Table of variants' }).getByRole('row', { name });

async function openTiny(page: Page): Promise<void> {
  await openPage(page);
  await openFiles(page, tinyCheckpoint('tiny-gpt2'));
  await expect(page.getByTestId('model-name')).toHaveText('model');
  await idle(page);
}

async function addStep(page: Page, method: string): Promise<void> {
  await page.getByRole('combobox', { name: 'Add a step' }).selectOption(method);
}

async function measureOn(page: Page, name: string, text: string): Promise<void> {
  await page.getByRole('combobox', { name: 'Text', exact: true }).selectOption('own');
  await page
    .getByRole('region', { name: 'Measure' })
    .locator('input[type=file]')
    .setInputFiles({ name, mimeType: 'text/plain', buffer: Buffer.from(text) });
  await page.getByRole('button', { name: 'Measure perplexity' }).click();
  await idle(page);
}

test('calibrate with a text of one’s own: first the estimated cost, then the variant; it is not measured on that text', async ({
  page,
}) => {
  await openTiny(page);
  await addStep(page, 'wanda');
  await page.getByLabel('Own calibration text').setInputFiles({
    name: 'tale.txt',
    mimeType: 'text/plain',
    buffer: Buffer.from(TALE.repeat(2)),
  });
  await expect(page.getByRole('combobox', { name: 'Calibration text' })).toHaveValue('tale.txt');
  await page.getByRole('spinbutton', { name: 'Sequences' }).fill('8');
  await expect(page.getByText(/Takes about \d+ s here and [\d.]+ kB of GPU memory/)).toBeVisible();
  await page.getByRole('button', { name: 'Compress', exact: true }).click();
  await idle(page);
  await expect(tableRow(page, /wanda/)).toBeVisible();

  await measureOn(page, 'the-same-tale.txt', TALE.repeat(3));
  await expect(
    page.getByText(/was calibrated with tale.txt, which shares a passage with the-same-tale.txt/),
  ).toBeVisible();
  await measureOn(page, 'other.txt', 'Once upon a time there was a king. '.repeat(8));
  await expect(tableRow(page, /wanda/)).toContainText(/\d+\.\d+ ± \d/);
});

test('sensitivity: a heat map of every linear, a budget, a saved profile that selects the targets', async ({
  page,
}) => {
  await openTiny(page);
  await addStep(page, 'round-to-nearest');
  await page.getByRole('button', { name: 'Measure sensitivity' }).click();
  const map = page.getByRole('table', { name: 'Sensitivity of each linear' });
  await expect(map).toBeVisible();
  await expect(map.locator('.cell')).toHaveCount(8);
  await idle(page);

  const slider = page.getByRole('slider', { name: /Budget/ });
  await slider.fill('0');
  await expect(page.getByText(/Compresses 8 of 8/)).toBeVisible();
  await slider.fill('150');
  await expect(page.getByText(/Compresses [1-4] of 8/)).toBeVisible();
  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save sensitivities.json' }).click();
  const profile = JSON.parse(await readFile(await (await saved).path(), 'utf8')) as { entries: unknown[] };
  expect(profile.entries).toHaveLength(8);
  await page.getByRole('button', { name: 'Compress these' }).click();
  await idle(page);
  await expect(tableRow(page, /round-to-nearest on [1-4] of 8/)).toBeVisible();

  await page.getByRole('combobox', { name: 'Applies to' }).selectOption('share');
  await expect(page.getByText(/^4 matrices$/)).toBeVisible();
  await page.getByRole('button', { name: 'Compress', exact: true }).click();
  await idle(page);
  await expect(page.getByText(/on the 50 % least sensitive/)).toBeVisible();
});

test('removing blocks makes the model smaller, and it still generates text', async ({ page }) => {
  await openTiny(page);
  await addStep(page, 'layer-truncation');
  await page.getByRole('button', { name: 'Compress', exact: true }).click();
  await idle(page);
  await expect(tableRow(page, /layer truncation/)).toBeVisible();
  await page.getByRole('tab', { name: 'Layers' }).click();
  await expect(page.getByRole('button', { name: '100.0 %' })).toHaveCount(4);
  await page.getByRole('tab', { name: 'Outputs' }).click();
  await page.getByRole('textbox', { name: 'Prompt' }).fill('Once upon');
  await page.getByRole('spinbutton', { name: 'Tokens', exact: true }).fill('8');
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await idle(page);
  await expect(page.getByText('Not run yet.')).toHaveCount(0);
});
