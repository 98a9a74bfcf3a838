import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { build } from 'vite';
import { ensureBrowser } from '../../scripts/browser.mjs';
import { gpuEnvironment } from '../../scripts/gpu-environment.mjs';
import { ROOT } from '../../scripts/dependencies.mjs';
import { FLAGS } from '../browser.mjs';
import { serve } from '../serve.mjs';

/** The origin private file system belongs to an address, so a run resumes only from the same port. */
const PORT = 41_730;

/**
 * Makes variants as a user does: in the built page, with the demo's files opened as a checkpoint, one recipe file
 * after the other; then measures the perplexity of all and saves the report.
 * @param {{ recipes: string[], model: string, texts: string[], windows: number, state: string }} job paths of recipe
 *   files, folder of the checkpoint, texts that the recipes name, number of windows, and the browser's profile, which
 *   holds the state of interrupted runs
 * @returns {Promise<object>} the report that the page saved
 */
export async function reportOfPage({ recipes, model, texts, windows, state }) {
  const folder = mkdtempSync(join(tmpdir(), 'lathe-page-'));
  await build({ root: ROOT, logLevel: 'error', build: { outDir: folder, emptyOutDir: true } });
  const server = await serve({ '/': folder }, PORT);
  const executablePath = await ensureBrowser();
  const context = await chromium.launchPersistentContext(state, {
    executablePath,
    args: [...FLAGS, '--enable-webgpu-developer-features'],
    env: gpuEnvironment(executablePath),
    acceptDownloads: true,
  });
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(0);
    await page.goto(`${server.address}/`);
    await untilIdle(page);
    await give(
      page,
      readdirSync(model).map((file) => join(model, file)),
    );
    if (texts.length > 0) await give(page, texts);
    for (const recipe of recipes) {
      await give(page, [recipe]);
      await page.getByRole('button', { name: 'Compress', exact: true }).click();
      await untilIdle(page);
    }
    await page.getByRole('spinbutton', { name: 'Windows' }).first().fill(String(windows));
    await page.getByRole('button', { name: 'Measure perplexity' }).click();
    await untilIdle(page);
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save report' }).click();
    return JSON.parse(readFileSync(await (await download).path(), 'utf8'));
  } finally {
    await context.close();
    server.close();
    rmSync(folder, { recursive: true });
  }
}

async function give(page, paths) {
  await page.locator('input[type=file][aria-label="Open files"]').setInputFiles(paths);
  await untilIdle(page);
}

/** Waits until no operation runs; throws an error that the page shows. */
async function untilIdle(page) {
  const compress = page.getByRole('button', { name: 'Compress', exact: true });
  await compress.waitFor();
  // An operation starts a moment after its click.
  await page.waitForTimeout(1000);
  await page.getByRole('button', { name: 'Cancel', exact: true }).waitFor({ state: 'detached' });
  const problem = page.getByRole('alert').first();
  if (await problem.isVisible()) throw new Error(`The page says: ${await problem.textContent()}`);
}
