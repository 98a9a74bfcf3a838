#!/usr/bin/env node
/**
 * Time of the factorizations of GPT-2 small's 48 block linears compared with numpy.linalg.svd, as JSON.
 *
 *     node bench/factorizations/run.mjs [rounds]
 *
 * Both factorize the same matrices alternately, one of each shape; the minimum times, multiplied by 12 layers, are
 * compared. Python is that of .venv, or the one named by LATHE_PYTHON; it needs NumPy.
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
  // Bundled like the app: Vite's server would hold hundreds of megabytes that the garbage collector must scan.
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
