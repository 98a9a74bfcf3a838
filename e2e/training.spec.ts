import { readdirSync } from 'node:fs';
import { expect, type Page, test } from '@playwright/test';
import { idle, loseDevice, openFiles, openPage, reopenDevice, tinyCheckpoint } from './open-page';

const DEMO = 'public/models/fairy-tales-gpt2';

const tableRow = (page: Page, name: RegExp | string) =>
  page.getByRole('region', { name: 'Table of variants' }).getByRole('row', { name });

const training = (page: Page) => page.getByRole('region', { name: 'Training' });

/** Compressing, the held-out loss and the first step come before the first point. */
const BEGINS = { timeout: 150_000 };

async function openTiny(page: Page): Promise<void> {
  await openFiles(page, tinyCheckpoint('tiny-gpt2'));
  await expect(page.getByTestId('model-name')).toHaveText('model');
  await idle(page);
}

/** A recipe that factorizes the model and trains the factors in small steps, by default very many. */
async function writeRecipe(page: Page, name: string, length: number, steps = 100_000): Promise<void> {
  await page.getByRole('combobox', { name: 'Start from' }).selectOption('Kronecker, A half the rows');
  await page.getByRole('combobox', { name: 'Add a step' }).selectOption('knowledge-distillation');
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill(name);
  const step = page.getByRole('listitem').filter({ hasText: '2. Knowledge distillation' });
  const fields = {
    Steps: String(steps),
    Batch: '2',
    'Length (optional)': String(length),
    'Warm-up': '5',
    'Held-out loss every': '10',
    'State saved every': '5',
  };
  await step.getByText('13 more settings').click();
  for (const [label, value] of Object.entries(fields))
    await step.getByRole('spinbutton', { name: label, exact: true }).fill(value);
  await step.getByRole('combobox', { name: 'Schedule' }).selectOption('warmup-stable-decay');
  await expect(step.getByText('13 more settings, 3 changed')).toBeVisible();
  await expect(page.getByRole('combobox', { name: 'Training text' })).toHaveValue('fairy-tales.train.txt');
  // As few sequences as possible.
  await page.getByRole('spinbutton', { name: 'Held out, %' }).fill('0');
}

async function stepReached(page: Page): Promise<number> {
  const text = await training(page)
    .getByText(/^\d+ of 100000$/)
    .textContent();
  return Number(text!.split(' ')[0]);
}

async function perplexityOf(page: Page, name: RegExp): Promise<number> {
  const cell = tableRow(page, name)
    .getByText(/\d+\.\d+ ± \d/)
    .first();
  return Number((await cell.textContent())!.replace(',', '').split(' ')[0]);
}

test('a factorized variant is trained: curve, pause, and stopping at the best state', async ({ page }) => {
  await openPage(page);
  // Opened as a checkpoint, so that the recorded variants are not measured.
  await openFiles(
    page,
    readdirSync(DEMO).map((file) => `${DEMO}/${file}`),
  );
  await idle(page);
  await page.getByRole('combobox', { name: 'Start from' }).selectOption('Kronecker, A half the rows');
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('untrained');
  await page.getByRole('button', { name: 'Compress', exact: true }).click();
  await expect(tableRow(page, /untrained/)).toBeVisible();
  await idle(page);

  await writeRecipe(page, 'recovered', 32);
  await page.getByRole('button', { name: 'Compress', exact: true }).click();
  await expect(training(page).getByRole('figure', { name: /Loss of recovered: \d+ points/ })).toBeVisible(
    BEGINS,
  );
  await expect(training(page).getByText(/at step \d+/)).toBeVisible();
  await expect.poll(() => stepReached(page), BEGINS).toBeGreaterThan(3);

  const state = training(page).getByRole('status', { name: 'Training status' });
  await page.getByRole('button', { name: 'Pause training' }).click();
  await expect(state).toHaveText('paused');
  await page.getByRole('button', { name: 'Resume training' }).click();
  await expect(state).toHaveText('running');
  const resumedAt = await stepReached(page);
  await expect.poll(() => stepReached(page), BEGINS).toBeGreaterThan(Math.max(20, resumedAt));
  await page.getByRole('button', { name: 'Finish now' }).click();
  await idle(page);
  await expect(state).toHaveText('finished');
  await expect(tableRow(page, /recovered/)).toBeVisible();
  await expect(page.getByRole('list', { name: 'Unfinished runs' })).toHaveCount(0);

  await page.getByRole('spinbutton', { name: 'Windows' }).first().fill('1');
  await page.getByRole('button', { name: 'Measure perplexity' }).click();
  await idle(page);
  expect(await perplexityOf(page, /recovered/)).toBeLessThan(await perplexityOf(page, /untrained/));
});

test('a page that is closed during a run resumes it', async ({ page }) => {
  await openPage(page);
  await openTiny(page);
  await writeRecipe(page, 'interrupted', 16);
  await page.getByRole('button', { name: 'Compress', exact: true }).click();
  await expect.poll(() => stepReached(page), BEGINS).toBeGreaterThan(10);

  await page.reload();
  await expect(page.getByTestId('model-name')).toHaveText('fairy-tales-gpt2', { timeout: 60_000 });
  await idle(page);
  const unfinished = page.getByRole('list', { name: 'Unfinished runs' }).getByRole('listitem');
  // It belongs to another model.
  await expect(unfinished).toHaveCount(0);
  await openTiny(page);
  await expect(unfinished).toContainText(/interrupted step \d+ of 100000/);
  const savedStep = Number(/step (\d+) of/.exec((await unfinished.textContent())!)![1]);
  expect(savedStep).toBeGreaterThanOrEqual(5);
  await page.getByRole('button', { name: 'Resume interrupted' }).click();
  await expect.poll(() => stepReached(page), BEGINS).toBeGreaterThan(savedStep);
  await page.getByRole('button', { name: 'Finish now' }).click();
  await idle(page);
  await expect(tableRow(page, /interrupted/)).toBeVisible();
  await expect(page.getByRole('list', { name: 'Unfinished runs' })).toHaveCount(0);
});

test('the state of a cancelled run is saved until it is discarded', async ({ page }) => {
  await openPage(page);
  await openTiny(page);
  await writeRecipe(page, 'abandoned', 16);
  await page.getByRole('button', { name: 'Compress', exact: true }).click();
  await expect.poll(() => stepReached(page), BEGINS).toBeGreaterThan(6);
  await page.getByRole('button', { name: 'Cancel training' }).click();
  await idle(page);
  await expect(page.getByRole('list', { name: 'Unfinished runs' })).toContainText('abandoned');
  await page.getByRole('button', { name: 'Discard abandoned' }).click();
  await expect(page.getByRole('list', { name: 'Unfinished runs' })).toHaveCount(0);
  await expect(page.getByRole('alert')).toHaveCount(0);
});

test('the page responds during a run, and shows the waiting operations', async ({ page }) => {
  await openPage(page);
  await openTiny(page);
  await page.getByRole('combobox', { name: 'Start from' }).selectOption('Kronecker, A half the rows');
  await page.getByRole('button', { name: 'Compress', exact: true }).click();
  await idle(page);
  await writeRecipe(page, 'under way', 16);
  await page.getByRole('button', { name: 'Compress', exact: true }).click();
  await expect.poll(() => stepReached(page), BEGINS).toBeGreaterThan(3);

  await page.getByRole('tab', { name: 'Layers' }).click();
  await expect(page.getByRole('tab', { name: 'Layers' })).toHaveAttribute('aria-selected', 'true');
  const weights = page.getByRole('figure', { name: /^Weights of .*c_attn/ });
  await page.getByTitle(/h\.0\.attn\.c_attn.*Click for its weights/).click();
  await expect(page.getByRole('status', { name: 'Pending weights' })).toContainText(
    'c_attn are shown once “Compressing: under way” has finished',
  );
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('the next one');
  await openFiles(page, tinyCheckpoint('tiny-gpt2'));
  await expect(page.getByRole('alert')).toContainText('"Compressing: under way" is still running');
  const reached = await stepReached(page);
  await expect.poll(() => stepReached(page), BEGINS).toBeGreaterThan(reached);
  await expect(weights).toHaveCount(0);

  await page.getByRole('button', { name: 'Finish now' }).click();
  await idle(page);
  await expect(weights).toBeVisible();
  await expect(page.getByRole('status', { name: 'Pending weights' })).toHaveCount(0);
});

test('a cached result is used again after a lost device or in a new page, until it is deleted', async ({
  page,
  browser,
}) => {
  const compressTiny = async (name: string) => {
    await openTiny(page);
    await writeRecipe(page, name, 16, 10);
    await page.getByRole('button', { name: 'Compress', exact: true }).click();
    await expect(tableRow(page, new RegExp(name))).toBeVisible(BEGINS);
    await idle(page);
  };
  const taken = training(page).getByText(/Reused the result of .*, 10 steps\./);
  await openPage(page);
  await compressTiny('the first');
  await expect(taken).toHaveCount(0);

  await reopenDevice(page, await loseDevice(page, browser));
  await expect(taken).toBeVisible();
  await expect(training(page)).toContainText('Restored after the loss');

  await page.reload();
  await expect(page.getByTestId('model-name')).toHaveText('fairy-tales-gpt2', { timeout: 60_000 });
  await idle(page);
  await compressTiny('the same again');
  await expect(taken).toBeVisible();
  await expect(training(page).getByText('10 of 10', { exact: true })).toBeVisible();
  await page.getByText(/^Cached training results: 1,/).click();
  await expect(page.getByRole('list', { name: 'Cached training results' })).toContainText(
    /the first 10 steps, model, saved/,
  );
  await page.getByRole('button', { name: 'Delete all' }).click();
  await expect(page.getByText(/^Cached training results/)).toHaveCount(0);

  await writeRecipe(page, 'another', 8, 10);
  await page.getByRole('button', { name: 'Compress', exact: true }).click();
  await expect(tableRow(page, /another/)).toBeVisible(BEGINS);
  await idle(page);
  const curves = training(page).getByRole('figure', {
    name: 'Held-out losses of trained variants: 2 curves',
  });
  await expect(curves.getByRole('listitem')).toHaveText([/the same again/, /another/]);
  await expect(page.getByRole('alert')).toHaveCount(0);
});
