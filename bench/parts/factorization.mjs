import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../../scripts/dependencies.mjs';

const SCRIPT = join(ROOT, 'bench', 'factorizations', 'run.mjs');

/**
 * Factorizing the 48 block linears of GPT-2 small: Lathe on the CPU and numpy.linalg.svd, alternately, in Node
 * (`bench/factorizations`).
 * @param {string} python with NumPy
 * @returns {Promise<{ comparisons: object[] } | undefined>} undefined if there is no such Python
 */
export async function measureFactorization(python, rounds) {
  if (!existsSync(python)) return undefined;
  const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, String(rounds)], {
    cwd: ROOT,
    env: { ...process.env, LATHE_PYTHON: python },
  });
  return JSON.parse(stdout);
}
