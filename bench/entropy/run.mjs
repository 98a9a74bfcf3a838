#!/usr/bin/env node
/**
 * Size of the demo GPT-2's block linears in each format: as stored, entropy-coded by rANS and Huffman, and by gzip
 * and zstd, compared with the Shannon entropy; and their decoding times. Prints a table and writes it to
 * bench/results/entropy.md.
 *
 *     node bench/entropy/run.mjs [rounds]
 *
 * Zstandard is the command `zstd`; without it its column is empty.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../scripts/dependencies.mjs';
import { withBuiltForNode } from '../built-for-node.mjs';
import { tableOf } from './table.mjs';

const rounds = Number(process.argv[2] ?? 5);
const scratch = await mkdtemp(join(tmpdir(), 'lathe-entropy-'));
try {
  await withBuiltForNode(join('bench', 'entropy', 'measure.ts'), async ({ measureForms }) => {
    const table = tableOf(await measureForms({ root: ROOT, scratch, rounds }));
    await writeFile(join(ROOT, 'bench', 'results', 'entropy.md'), table);
    console.log(table);
  });
} finally {
  await rm(scratch, { recursive: true });
}
