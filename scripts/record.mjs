// Records the comparison with which the page opens: every recipe of public/recordings/recipes on the demo GPT-2,
// measured on this machine.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './dependencies.mjs';

const DEMO = 'fairy-tales-gpt2';
const WINDOWS = 16;

const folder = join(ROOT, 'public', 'recordings');
const recipes = readdirSync(join(folder, 'recipes'))
  .sort()
  .flatMap((file) => ['--recipe', join(folder, 'recipes', file)]);
const { status } = spawnSync(
  process.execPath,
  [
    join(ROOT, 'cli', 'main.mjs'),
    ...['--model', join(ROOT, 'public', 'models', DEMO)],
    ...recipes,
    ...['--evaluate', `perplexity=${join(ROOT, 'public', 'datasets', 'fairy-tales.test.txt')}`],
    ...['--max-windows', String(WINDOWS), '--latency'],
    ...['--report', join(folder, `${DEMO}.json`)],
  ],
  { stdio: ['ignore', 'ignore', 'inherit'] },
);
process.exitCode = status ?? 1;
