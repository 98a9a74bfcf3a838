import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureDependencies, ROOT } from './dependencies.mjs';

ensureDependencies();
const { createServer } = await import('vite');
const vite = await createServer({
  root: ROOT,
  appType: 'custom',
  logLevel: 'error',
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
  optimizeDeps: { noDiscovery: true },
});
for (const room of ['compression', 'evaluation']) {
  const { generatedDocuments } = await vite.ssrLoadModule(`/src/${room}/generated-documents.ts`);
  for (const [path, text] of Object.entries(generatedDocuments())) writeFileSync(join(ROOT, path), text);
}
await vite.close();
