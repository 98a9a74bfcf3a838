import { spawn, spawnSync } from 'node:child_process';
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

/**
 * Runs a tool of node_modules beside others and collects what it prints.
 * @param {string} script its path below node_modules
 * @param {readonly string[]} args
 * @returns {Promise<{ status: number, output: string }>} status 1 if a signal ended it
 */
export function startTool(script, args) {
  return new Promise((resolve, reject) => {
    const tool = spawn(process.execPath, [join(ROOT, 'node_modules', script), ...args], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [tool.stdout, tool.stderr]) stream.on('data', (text) => (output += text));
    tool.on('error', reject);
    tool.on('close', (status) => resolve({ status: status ?? 1, output }));
  });
}
