import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../scripts/dependencies.mjs';

/**
 * Runs a module of `training/recovery`.
 * @returns {string | undefined} its output; undefined if it failed and has printed the reason
 */
export function outputOfTwin(python, module, settings) {
  const { status, stdout } = spawnSync(python, ['-m', `recovery.${module}`, ...settings], {
    cwd: join(ROOT, 'training'),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return status === 0 ? stdout : undefined;
}

/** Results of this run and of earlier ones: entries in `bench/results/NAME.json`, and a table of them in `NAME.md`. */
export class StoredResults {
  #stem;
  #keyOf;
  #describe;

  /**
   * @param {string} name of the files
   * @param {(entry: object) => unknown} keyOf identity of an entry
   * @param {(entries: readonly object[]) => string} describe the Markdown
   */
  constructor(name, keyOf, describe) {
    this.#stem = join(ROOT, 'bench', 'results', name);
    this.#keyOf = (entry) => JSON.stringify(keyOf(entry));
    this.#describe = describe;
    const path = `${this.#stem}.json`;
    this.entries = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : [];
  }

  /**
   * Stores `figures` under the name `who` in the entry of the same key, or in a new one, and publishes; does nothing
   * without figures.
   */
  record(entry, who, figures) {
    if (!figures) return;
    const existing = this.entries.find((each) => this.#keyOf(each) === this.#keyOf(entry));
    if (existing) Object.assign(existing, { [who]: figures });
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
