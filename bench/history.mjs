import { execFileSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../scripts/dependencies.mjs';

/**
 * Adds a run to `history.jsonl`, one line of JSON.
 * @param {object} document as `publish` writes it
 * @param {{ parts: readonly string[], add: boolean, output: string }} options
 */
export function appendToHistory(
  { recordedAt, adapter, browser, rounds, quick, ratios },
  { parts, add, output },
) {
  const line = {
    date: recordedAt,
    commit: commitOfSources(),
    machine: `${cpus().length} × ${cpus()[0].model}`,
    adapter: adapter.name,
    browser,
    rounds,
    quick,
    parts,
    // Ratios of other parts are then those of earlier runs.
    add,
    ratios,
  };
  appendFileSync(join(output, 'history.jsonl'), `${JSON.stringify(line)}\n`);
}

/** The commit, marked if there are uncommitted changes; undefined without git. */
function commitOfSources() {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty', '--exclude=*'], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return undefined;
  }
}
