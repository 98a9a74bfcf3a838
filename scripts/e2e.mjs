// The browser tests: e2e.mjs [files and options of Playwright].
import { ensureDependencies } from './dependencies.mjs';
import { runTool } from './tools.mjs';

ensureDependencies();
const { browserTestEnvironment } = await import('./browser.mjs');

process.exitCode = runTool(
  '@playwright/test/cli.js',
  ['test', '-c', 'e2e', ...process.argv.slice(2)],
  await browserTestEnvironment(),
);
