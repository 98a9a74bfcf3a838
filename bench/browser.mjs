import { chromium } from '@playwright/test';
import { ensureBrowser } from '../scripts/browser.mjs';
import { gpuEnvironment } from '../scripts/gpu-environment.mjs';

/** Flags that bring WebGPU to a headless Chromium, and keep it to this machine. */
export const FLAGS = [
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--enable-features=Vulkan',
  '--ignore-gpu-blocklist',
  '--disable-background-networking',
  '--disable-component-update',
  '--no-first-run',
];

/** How often the heap is looked at while a model loads. */
const HEAP_INTERVAL = 20;

/** Starts Chromium with WebGPU. @returns {Promise<import('@playwright/test').Browser>} */
export async function launchBrowser() {
  const executablePath = await ensureBrowser();
  return chromium.launch({ executablePath, args: FLAGS, env: gpuEnvironment(executablePath) });
}

/**
 * Opens the bench page in a context of its own, so that heaps and caches are apart.
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

/** Closes a page and the context around it. */
export async function closePage(page) {
  await page.context().close();
}

/**
 * Runs something while the JS heap of the page is looked at, and gives the greatest size seen: objects and the buffers
 * behind typed arrays, in bytes; memories of WebAssembly are not part of it.
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
