#!/usr/bin/env node
/**
 * Time of one step of training the demo GPT-2 (forward, backward, clipping, AdamW), Lathe's beside the same graph in plain
 * tfjs ops, as JSON.
 *
 *     node bench/training/run.mjs [rounds] [sequences] [tokens of a sequence]
 *
 * Both train the same batch from the same weights, in turn in one process (A B A B, after a step of each to warm up); the
 * medians and their ratio are printed.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'vite';
import { ROOT } from '../../scripts/dependencies.mjs';

const [rounds = 5, sequences = 8, length = 128] = process.argv.slice(2).map(Number);
// Within the project, so that the packages that Node loads itself are found.
const folder = await mkdtemp(join(ROOT, 'node_modules', '.lathe-training-'));
try {
  await build({
    configFile: false,
    root: ROOT,
    logLevel: 'error',
    ssr: { noExternal: true, external: ['webgpu'] },
    build: {
      ssr: join('bench', 'training', 'compare-with-tfjs.ts'),
      target: 'es2023',
      outDir: folder,
      rolldownOptions: { output: { entryFileNames: 'compare.mjs' } },
    },
  });
  const { compareWithTfjs } = await import(pathToFileURL(join(folder, 'compare.mjs')).href);
  const checkpoint = join(ROOT, 'public', 'models', 'fairy-tales-gpt2');
  console.log(JSON.stringify(await compareWithTfjs({ checkpoint, rounds, sequences, length }), null, 2));
} finally {
  await rm(folder, { recursive: true });
}
