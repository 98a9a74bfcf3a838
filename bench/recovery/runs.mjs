import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../scripts/dependencies.mjs';

/** What `use` makes of an empty folder, which is gone afterwards. */
export async function inScratchFolder(use) {
  const folder = mkdtempSync(join(tmpdir(), 'lathe-recovery-'));
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
 * @returns {object | undefined} its report; undefined where the run failed and has said why
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

/**
 * Runs a module of `training/recovery`.
 * @returns {string | undefined} what it printed; undefined where it failed and has said why
 */
export function outputOfTwin(python, module, settings) {
  const { status, stdout } = spawnSync(python, ['-m', `recovery.${module}`, ...settings], {
    cwd: join(ROOT, 'training'),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return status === 0 ? stdout : undefined;
}

/** Results of this run and of earlier ones: entries in `bench/results/NAME.json`, and a table of them beside it. */
export class KeptResults {
  #stem;
  #keyOf;
  #describe;

  /**
   * @param {string} name of the files
   * @param {(entry: object) => unknown} keyOf what tells entries apart
   * @param {(entries: readonly object[]) => string} describe the Markdown
   */
  constructor(name, keyOf, describe) {
    this.#stem = join(ROOT, 'bench', 'results', name);
    this.#keyOf = (entry) => JSON.stringify(keyOf(entry));
    this.#describe = describe;
    const path = `${this.#stem}.json`;
    this.entries = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : [];
  }

  /** Puts `figures` under the name `who` into the entry of the same key, or into a new one, and publishes; no figures are no result. */
  record(entry, who, figures) {
    if (!figures) return;
    const kept = this.entries.find((each) => this.#keyOf(each) === this.#keyOf(entry));
    if (kept) Object.assign(kept, { [who]: figures });
    else this.entries.push({ ...entry, [who]: figures });
    this.publish();
  }

  /** Writes both files. @returns {string} the Markdown */
  publish() {
    const text = this.#describe(this.entries);
    writeFileSync(`${this.#stem}.json`, `${JSON.stringify(this.entries, undefined, 1)}\n`);
    writeFileSync(`${this.#stem}.md`, text);
    return text;
  }
}
