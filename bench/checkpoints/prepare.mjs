// Runs in a process of its own, started with the environment in which Dawn finds its driver: makes checkpoints.
//
//   node prepare.mjs random FOLDER SHAPE.json TOKENIZER_FOLDER
//   node prepare.mjs formats SOURCE_FOLDER EXPORTS.json
import { createServer } from 'vite';
import { ROOT } from '../../scripts/dependencies.mjs';

const [command, ...rest] = process.argv.slice(2);
const vite = await createServer({
  root: ROOT,
  appType: 'custom',
  logLevel: 'error',
  server: { middlewareMode: true, hmr: false, watch: null, ws: false },
  optimizeDeps: { noDiscovery: true },
});
if (command === 'random') {
  const [folder, shape, tokenizer] = rest;
  const { writeRandomGpt2 } = await vite.ssrLoadModule('/src/testing/random-gpt2.ts');
  await writeRandomGpt2(folder, JSON.parse(shape), tokenizer);
} else {
  const [source, exports] = rest;
  const { exportFormats } = await vite.ssrLoadModule('/bench/checkpoints/export-formats.ts');
  await exportFormats(source, JSON.parse(exports));
}
await vite.close();
// Dawn keeps the event loop alive.
process.exit(0);
