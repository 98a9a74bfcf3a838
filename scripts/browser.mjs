import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { gpuEnvironment, hasVulkanDriver } from './gpu-environment.mjs';

const INSTALLED_BROWSERS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome-stable',
  '/usr/bin/google-chrome',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe',
];

/**
 * The path of a Chromium or Chrome: the one in LATHE_BROWSER, an installed one, Playwright's own, or, as root on
 * Debian, the distribution's package.
 * @returns {Promise<string>}
 */
export async function ensureBrowser() {
  const found = installedBrowser() ?? (await playwrightBrowser());
  if (found) return found;
  console.log("No Chromium or Chrome found; installing Playwright's …");
  spawnSync(process.execPath, [join('node_modules', 'playwright', 'cli.js'), 'install', 'chromium'], {
    stdio: 'inherit',
    timeout: 300_000,
  });
  const downloaded = await playwrightBrowser();
  if (downloaded) return downloaded;
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    console.log("Installing Debian's chromium …");
    execFileSync('apt-get', ['update', '-qq'], { stdio: 'inherit' });
    execFileSync('apt-get', ['install', '-y', '-qq', 'chromium'], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
    const packaged = installedBrowser();
    if (packaged) return packaged;
  }
  throw new Error(
    'No Chromium or Chrome could be found or installed. Install one, or set LATHE_BROWSER to its path.',
  );
}

function installedBrowser() {
  const named = process.env.LATHE_BROWSER;
  if (named) {
    if (!existsSync(named)) throw new Error(`LATHE_BROWSER names ${named}, which does not exist.`);
    return named;
  }
  return INSTALLED_BROWSERS.find((path) => existsSync(path));
}

async function playwrightBrowser() {
  const { chromium } = await import('@playwright/test');
  const path = chromium.executablePath();
  return existsSync(path) ? path : undefined;
}

/**
 * Environment with a Vulkan driver for unit tests, that of a browser if the machine has no GPU.
 * @returns {Promise<NodeJS.ProcessEnv>}
 */
export async function unitTestEnvironment() {
  const needsBrowser = process.platform === 'linux' && !hasVulkanDriver();
  return gpuEnvironment(needsBrowser ? await ensureBrowser() : undefined);
}

/**
 * Environment of the browser tests, with the path of the browser.
 * @returns {Promise<NodeJS.ProcessEnv>}
 */
export async function browserTestEnvironment() {
  const browser = await ensureBrowser();
  return { ...gpuEnvironment(browser), LATHE_BROWSER: browser };
}
