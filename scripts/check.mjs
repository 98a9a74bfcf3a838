import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensureDependencies, ROOT } from './dependencies.mjs';

ensureDependencies();
const fix = process.argv.includes('--fix');
const steps = [
  ['typescript/bin/tsc', ['--noEmit']],
  ['eslint/bin/eslint.js', ['.', '--max-warnings', '0', ...(fix ? ['--fix'] : [])]],
  ['dependency-cruiser/bin/dependency-cruise.mjs', ['src', 'cli', '--config', '.dependency-cruiser.json']],
  ['prettier/bin/prettier.cjs', [fix ? '--write' : '--check', '.', '--log-level', 'warn']],
];
for (const [script, args] of steps) {
  const { status } = spawnSync(process.execPath, [join(ROOT, 'node_modules', script), ...args], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  if (status !== 0) process.exitCode = 1;
}
