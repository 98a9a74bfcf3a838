import { type Browser, expect, type Locator, type Page } from '@playwright/test';

/** Opens the page and waits until the demo model is on the device. */
export async function openPage(page: Page): Promise<void> {
  await page.goto('/');
  await expect(page.getByTestId('model-name')).toHaveText('fairy-tales-gpt2', { timeout: 60_000 });
  await idle(page);
}

/** Waits until no operation runs. */
export async function idle(page: Page): Promise<void> {
  await expect(page.getByRole('button', { name: 'Cancel' })).toHaveCount(0, { timeout: 180_000 });
}

/** Gives files to the picker as a user does. */
export async function openFiles(
  page: Page,
  paths: string[] | { name: string; mimeType: string; buffer: Buffer }[],
): Promise<void> {
  await page.locator('input[type=file][aria-label="Open files"]').setInputFiles(paths);
}

/** Paths of a small checkpoint's files. */
export function tinyCheckpoint(name: string): string[] {
  return ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'].map(
    (file) => `src/testing/fixtures/${name}/${file}`,
  );
}

/**
 * Kills the browser's GPU process, as a driver that hangs would.
 * @returns the page's message about it
 */
export async function loseDevice(page: Page, browser: Browser): Promise<Locator> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const gpu = processInfo.find(({ type }) => type === 'GPU');
  expect(gpu, 'the browser runs its GPU work in a process of its own').toBeDefined();
  process.kill(gpu!.id, 'SIGKILL');
  return page.getByRole('alert').filter({ hasText: 'The graphics device is gone.' });
}

/** Opens the device again, and waits until all variants are restored. */
export async function reopenDevice(page: Page, banner: Locator): Promise<void> {
  await banner.getByRole('button', { name: 'Open the device again' }).click();
  await expect(banner).toHaveCount(0, { timeout: 60_000 });
  await idle(page);
}
