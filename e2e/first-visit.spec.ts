import { expect, test } from '@playwright/test';
import { idle, openPage } from './open-page';

test('the page opens with a finished comparison, marked as recorded, and the demo model loaded', async ({
  page,
}) => {
  await openPage(page);
  await expect(page.getByRole('note')).toContainText(/recorded on \d+ \w+ 20\d\d/);
  const rows = page.getByRole('region', { name: 'Table of variants' }).getByRole('row');
  expect(await rows.count()).toBeGreaterThan(6);
  await expect(page.getByRole('figure', { name: /Quality against size: [78] variants/ })).toBeVisible();
  await expect(page.getByRole('figure', { name: /Quality against latency: [78] variants/ })).toBeVisible();
  await expect(page.locator('.device')).not.toContainText('No graphics device');
  // In the background, once the page is idle.
  await expect(page.locator('.device')).toContainText(/\d\d kernel checks passed/);
});

test('a recorded variant is compressed here, and generates next to the base', async ({ page }) => {
  await openPage(page);
  await page.getByRole('textbox', { name: 'Prompt' }).fill('Once upon a time there was a king');
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await idle(page);
  const base = page.getByRole('article', { name: 'Output of fairy-tales-gpt2' });
  // The greedy continuation by PyTorch.
  await expect(base).toContainText('who had a son, and he was so beautiful that he was so beautiful');
  await expect(page.getByRole('article', { name: 'Output of int8 per channel' })).toContainText('token');
});

test('the table sorts and copies', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await openPage(page);
  const head = page.getByRole('columnheader', { name: /^Size/ });
  await head.getByRole('button').click();
  await expect(head).toHaveAttribute('aria-sort', 'ascending');
  await page.getByRole('button', { name: 'Markdown' }).click();
  await expect(page.getByText('The table is on the clipboard as Markdown.')).toBeVisible();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied.split('\n').length).toBeGreaterThan(8);
  expect(copied).toContain('| Variant | Recipe | Size |');
});

test('in dark mode and on a phone, the results come first and fit', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await openPage(page);
  await page.getByRole('button', { name: /Colour theme/ }).click();
  await page.getByRole('button', { name: /Colour theme/ }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  expect(width).toBeLessThanOrEqual(390);
  const results = await page.getByRole('main').boundingBox();
  const tools = await page.getByRole('complementary').boundingBox();
  expect(results!.y).toBeLessThan(tools!.y);
});
