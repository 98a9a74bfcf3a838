import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { CHECKS, FIXES } from './checks.mjs';
import { ensureDependencies, ROOT } from './dependencies.mjs';

ensureDependencies();
const fix = process.argv.includes('--fix');
for (const [title, script, args] of CHECKS) {
  const mended = fix && FIXES[title] ? [...args.filter((arg) => arg !== '--check'), ...FIXES[title]] : args;
  const { status } = spawnSync(process.execPath, [join(ROOT, 'node_modules', script), ...mended], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  if (status !== 0) process.exitCode = 1;
}
