import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const here = import.meta.dirname;
const overview = readFileSync(join(here, 'README.md'), 'utf8');
const folders = readdirSync(here, { withFileTypes: true }).filter((entry) => entry.isDirectory());

describe.each(folders.map(({ name }) => name))('%s', (folder) => {
  const names = readdirSync(join(here, folder));
  const read = (name: string) => readFileSync(join(here, folder, name), 'utf8');
  const blocks = [...read('README.md').matchAll(/^```(ts|wgsl)\n([^]*?)^```$/gm)].map(([, , code]) => code);

  test('each block of code stands in one of its files', () => {
    const sources = names.filter((name) => name !== 'README.md').map(read);
    for (const block of blocks)
      expect(
        sources.some((source) => source.includes(block)),
        block,
      ).toBe(true);
  });

  test('all of its code but imports is shown', () => {
    const shown = new Set(blocks.join('').split('\n'));
    for (const name of names.filter((each) => /(?<!\.test)\.(ts|wgsl)$/.test(each))) {
      const lines = read(name)
        .replaceAll(/^import[^;]*;\n/gm, '')
        .split('\n');
      expect(
        lines.filter((line) => !shown.has(line)),
        name,
      ).toEqual([]);
    }
  });

  test('is listed', () => expect(overview).toContain(`(${folder}/README.md)`));
});
