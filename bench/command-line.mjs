import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../scripts/dependencies.mjs';

/** Calls `use` with an empty folder, which is deleted afterwards. */
export async function inScratchFolder(use) {
  const folder = mkdtempSync(join(tmpdir(), 'lathe-bench-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @returns {string} the path of a JSON file in the folder that holds the recipe */
export function writeRecipe(folder, name, recipe) {
  const path = join(folder, `${name}.json`);
  writeFileSync(path, JSON.stringify(recipe));
  return path;
}

/**
 * Runs Lathe's command line with the recipes and `more` arguments.
 * @returns {object | undefined} its report; undefined if the run failed and has printed the reason
 */
export function reportOfCommandLine(recipes, more, folder) {
  const report = join(folder, 'report.json');
  const { status } = spawnSync(
    process.execPath,
    [
      join(ROOT, 'cli', 'main.mjs'),
      ...recipes.flatMap((path) => ['--recipe', path]),
      ...more,
      ...['--report', report],
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  return status === 0 ? JSON.parse(readFileSync(report, 'utf8')) : undefined;
}
