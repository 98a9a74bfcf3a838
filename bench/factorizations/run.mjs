#!/usr/bin/env node
/**
 * Time of the factorizations of GPT-2 small's 48 block linears beside that of numpy.linalg.svd, as JSON.
 *
 *     node bench/factorizations/run.mjs [rounds]
 *
 * Both factorize the same matrices in turn, one of each shape; the least time of each, times 12 layers, is compared.
 * Python is .venv's, or the one that LATHE_PYTHON names; it needs NumPy.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../scripts/dependencies.mjs';
import { createServer } from 'vite';

const local = join(ROOT, '.venv', 'bin', 'python');
const python = process.env.LATHE_PYTHON ?? (existsSync(local) ? local : 'python3');
const vite = await createServer({
  root: ROOT,
  appType: 'custom',
  logLevel: 'error',
  server: { middlewareMode: true, hmr: false, watch: null, ws: false },
  optimizeDeps: { noDiscovery: true },
});
try {
  const { compareWithNumpy } = await vite.ssrLoadModule('/bench/factorizations/compare-with-numpy.ts');
  const report = await compareWithNumpy(python, Number(process.argv[2] ?? 3));
  console.log(JSON.stringify(report, null, 2));
} finally {
  await vite.close();
}
