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
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'vite';
import { ROOT } from '../../scripts/dependencies.mjs';

const local = join(ROOT, '.venv', 'bin', 'python');
const python = process.env.LATHE_PYTHON ?? (existsSync(local) ? local : 'python3');
const rounds = Number(process.argv[2] ?? 3);
const folder = await mkdtemp(join(tmpdir(), 'lathe-factorizations-'));
try {
  // Bundled as the app is: Vite's server would hold hundreds of megabytes, which the garbage collector then goes through.
  await build({
    configFile: false,
    root: ROOT,
    logLevel: 'error',
    ssr: { noExternal: true },
    build: {
      ssr: join('bench', 'factorizations', 'compare-with-numpy.ts'),
      target: 'es2023',
      outDir: folder,
      rolldownOptions: { output: { entryFileNames: 'compare.mjs' } },
    },
  });
  const { compareWithNumpy } = await import(pathToFileURL(join(folder, 'compare.mjs')).href);
  const script = join(ROOT, 'bench', 'factorizations', 'numpy_route.py');
  const report = await compareWithNumpy({ python, script, folder, rounds });
  console.log(JSON.stringify(report, null, 2));
} finally {
  await rm(folder, { recursive: true });
}
