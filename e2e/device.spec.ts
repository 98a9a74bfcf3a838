import { chromium, expect, test } from '@playwright/test';
import { idle, loseDevice, openPage, reopenDevice } from './open-page';

test('without a graphics adapter the page explains what to do and shows the recorded comparison', async ({
  baseURL,
}) => {
  const browser = await chromium.launch({
    executablePath: process.env.LATHE_BROWSER,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-features=Vulkan,WebGPU',
      '--disable-background-networking',
    ],
  });
  const page = await browser.newPage({ baseURL });
  await page.goto('/');
  const banner = page.getByRole('alert').filter({ hasText: 'Lathe cannot use a graphics device here.' });
  await expect(banner).toContainText(/Use a current Chrome|Turn on hardware acceleration/);
  await expect(banner.getByRole('button', { name: 'Open the device again' })).toBeVisible();
  await expect(page.getByRole('note')).toContainText('recorded on');
  expect(
    await page.getByRole('region', { name: 'Table of variants' }).getByRole('row').count(),
  ).toBeGreaterThan(6);
  await browser.close();
});

test('a lost device is reported, and opening it again restores the variants', async ({ page, browser }) => {
  await openPage(page);
  await page.getByRole('combobox', { name: 'Start from' }).selectOption('int8 per channel');
  await page.getByRole('button', { name: 'Compress', exact: true }).click();
  await idle(page);
  const banner = await loseDevice(page, browser);
  await expect(banner).toContainText('Your recipes, variants and figures are still here');
  await reopenDevice(page, banner);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await idle(page);
  await expect(page.getByRole('article', { name: 'Output of fairy-tales-gpt2' })).toContainText(
    'who had a son',
  );
  await expect(page.locator('.device')).toContainText('kernel checks passed');
});
