import { chromium } from '@playwright/test';
import { ensureBrowser } from '../scripts/browser.mjs';
import { gpuEnvironment } from '../scripts/gpu-environment.mjs';

/** Flags that enable WebGPU in a headless Chromium, and prevent network access. */
export const FLAGS = [
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--enable-features=Vulkan',
  '--ignore-gpu-blocklist',
  '--disable-background-networking',
  '--disable-component-update',
  '--no-first-run',
];

/** Interval of heap samples while a model loads. */
const HEAP_INTERVAL = 20;

/** Starts Chromium with WebGPU. @returns {Promise<import('@playwright/test').Browser>} */
export async function launchBrowser() {
  const executablePath = await ensureBrowser();
  return chromium.launch({ executablePath, args: FLAGS, env: gpuEnvironment(executablePath) });
}

/**
 * Opens the bench page in its own context, so that heaps and caches are separate.
 * @param {import('@playwright/test').Browser} browser
 * @param {string} address of the server
 */
export async function openPage(browser, address) {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(0);
  page.on('pageerror', (error) => console.error(`The page failed: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') console.error(`The page says: ${message.text()}`);
  });
  await page.goto(`${address}/`);
  await page.waitForFunction(() => 'bench' in window);
  return page;
}

/** Closes a page and its context. */
export async function closePage(page) {
  await page.context().close();
}

/**
 * Samples the JS heap of the page while `run` runs and returns the greatest size in bytes: objects and the buffers of
 * typed arrays, without WebAssembly memories.
 * @template T
 * @param {import('@playwright/test').Page} page
 * @param {() => Promise<T>} run
 * @returns {Promise<number>}
 */
export async function peakHeap(page, run) {
  const session = await page.context().newCDPSession(page);
  let peak = 0;
  let running = true;
  const watch = async () => {
    while (running) {
      const { usedSize, backingStorageSize = 0 } = await session.send('Runtime.getHeapUsage');
      peak = Math.max(peak, usedSize + backingStorageSize);
      await new Promise((resolve) => setTimeout(resolve, HEAP_INTERVAL));
    }
  };
  const watching = watch();
  try {
    await run();
  } finally {
    running = false;
    await watching;
  }
  return peak;
}
