#!/usr/bin/env node
/**
 * Time of one training step of the demo GPT-2 (forward, backward, clipping, AdamW) in Lathe and with the same graph
 * in plain tfjs ops, as JSON.
 *
 *     node bench/training/run.mjs [rounds] [sequences] [tokens of a sequence]
 *
 * Both train the same batch from the same weights, alternately in one process (A B A B, after one warm-up step each);
 * the medians and their ratio are printed.
 */
import { join } from 'node:path';
import { ROOT } from '../../scripts/dependencies.mjs';
import { withBuiltForNode } from '../built-for-node.mjs';

const [rounds = 5, sequences = 8, length = 128] = process.argv.slice(2).map(Number);
const checkpoint = join(ROOT, 'public', 'models', 'fairy-tales-gpt2');
await withBuiltForNode(join('bench', 'training', 'compare-with-tfjs.ts'), async ({ compareWithTfjs }) => {
  console.log(JSON.stringify(await compareWithTfjs({ checkpoint, rounds, sequences, length }), null, 2));
});
