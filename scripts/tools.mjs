import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from './dependencies.mjs';

/**
 * Runs a tool of node_modules to completion, in this process's terminal.
 * @param {string} script its path below node_modules
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [environment]
 * @returns {number} its exit status; 1 if a signal ended it
 */
export function runTool(script, args, environment = process.env) {
  const { status } = spawnSync(process.execPath, [join(ROOT, 'node_modules', script), ...args], {
    cwd: ROOT,
    stdio: 'inherit',
    env: environment,
  });
  return status ?? 1;
}
