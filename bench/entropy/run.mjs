#!/usr/bin/env node
/**
 * What the demo GPT-2's block linears take in each form: as they are, entropy-coded by rANS and Huffman, and by gzip and zstd,
 * beside the Shannon entropy; and how fast they are decoded. Prints a table and writes it to bench/results/entropy.md.
 *
 *     node bench/entropy/run.mjs [rounds]
 *
 * Zstandard is the command `zstd`; without it its column is empty.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'vite';
import { ROOT } from '../../scripts/dependencies.mjs';
import { tableOf } from './table.mjs';

const rounds = Number(process.argv[2] ?? 5);
// Within the project, so that the packages that Node loads itself are found.
const folder = await mkdtemp(join(ROOT, 'node_modules', '.lathe-entropy-'));
const scratch = await mkdtemp(join(tmpdir(), 'lathe-entropy-'));
try {
  await build({
    configFile: false,
    root: ROOT,
    logLevel: 'error',
    ssr: { noExternal: true, external: ['webgpu'] },
    build: {
      ssr: join('bench', 'entropy', 'measure.ts'),
      target: 'es2023',
      outDir: folder,
      rolldownOptions: { output: { entryFileNames: 'measure.mjs' } },
    },
  });
  const { measureForms } = await import(pathToFileURL(join(folder, 'measure.mjs')).href);
  const table = tableOf(await measureForms({ root: ROOT, scratch, rounds }));
  await writeFile(join(ROOT, 'bench', 'results', 'entropy.md'), table);
  console.log(table);
} finally {
  await rm(folder, { recursive: true });
  await rm(scratch, { recursive: true });
}
