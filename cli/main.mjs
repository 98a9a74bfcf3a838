#!/usr/bin/env node
import { spawnSync } from 'node:child_process';
import { ensureDependencies, ROOT } from '../scripts/dependencies.mjs';

ensureDependencies();
const { gpuEnvironment } = await import('../scripts/browser.mjs');

// The Vulkan loader reads its environment when the process starts, so the lab runs in a process of its own.
if (!process.env.LATHE_CLI) {
  const { status } = spawnSync(
    process.execPath,
    [import.meta.filename ?? new URL(import.meta.url).pathname, ...process.argv.slice(2)],
    {
      stdio: 'inherit',
      env: { ...gpuEnvironment(), LATHE_CLI: '1' },
    },
  );
  process.exit(status ?? 1);
}

const { createServer } = await import('vite');
const vite = await createServer({
  root: ROOT,
  appType: 'custom',
  logLevel: 'error',
  server: { middlewareMode: true, hmr: false, ws: false },
  optimizeDeps: { noDiscovery: true },
});
const { runCommandLine } = await vite.ssrLoadModule('/cli/command-line.ts');
const { run } = await vite.ssrLoadModule('/cli/run.ts');
const status = await runCommandLine(process.argv.slice(2), run);
await vite.close();
// On some systems a pipe takes its bytes later; leaving now would cut the document.
await new Promise((resolve) => process.stdout.write('', resolve));
// Dawn keeps the event loop alive.
process.exit(status);
