import { ensureDependencies, ROOT } from './dependencies.mjs';

ensureDependencies();
const { createServer } = await import('vite');

const hasDisplay =
  process.platform !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);
const server = await createServer({
  root: ROOT,
  server: { open: hasDisplay && !process.env.CI, host: process.argv.includes('--host') },
});
await server.listen();
server.printUrls();
server.bindCLIShortcuts({ print: process.stdin.isTTY });
