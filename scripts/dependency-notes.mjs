// Keeps docs/dependencies.md up to date. `--check` compares its table with package.json and package-lock.json,
// `--write` updates it, and `--releases` also asks npm for the newest releases. Reasons are written by hand.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NPM, ROOT } from './dependencies.mjs';

const NOTES = join(ROOT, 'docs', 'dependencies.md');
const COLUMNS = ['package', 'version', 'licence', 'newest release', 'why', 'held back by'];

const options = process.argv.slice(2);
const text = readFileSync(NOTES, 'utf8');
const written = rowsOf(text);
const rows = dependencies().map((name) => {
  const { version, license } = installed(name);
  const [, , , newest = '', why = '', heldBack = ''] = written.get(name) ?? [];
  return [
    name,
    version,
    license,
    options.includes('--releases') ? newestRelease(name) : newest,
    why,
    heldBack,
  ];
});
const table = [COLUMNS, COLUMNS.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
const current = `${text.slice(0, text.indexOf('| package'))}${table}\n`;

if (!options.includes('--check')) writeFileSync(NOTES, current);
else if (current !== text) fail('differs from package.json and package-lock.json; npm run fix mends that');
for (const [name, version, , newest, why, heldBack] of rows) {
  if (!why) fail(`does not say why ${name} is needed`);
  if (newest && major(newest) !== major(version) && !heldBack) fail(`does not say what holds ${name} back`);
}

function dependencies() {
  const { dependencies, devDependencies } = readJson('package.json');
  return Object.keys({ ...dependencies, ...devDependencies }).sort();
}

function installed(name) {
  return readJson('package-lock.json').packages[`node_modules/${name}`];
}

/** Cells of each row of the table, by package. */
function rowsOf(markdown) {
  const lines = markdown.split('\n').filter((line) => line.startsWith('| '));
  const cells = lines.map((line) => line.slice(2, -2).split(' | '));
  return new Map(cells.map((row) => [row[0], row.map((cell) => cell.trim())]));
}

/** The version tagged `latest`, and its release date. */
function newestRelease(name) {
  const answer = execFileSync(NPM, ['view', name, 'dist-tags.latest', 'time', '--json'], {
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  const { 'dist-tags.latest': version, time } = JSON.parse(answer);
  return `${version}, ${time[version].slice(0, 10)}`;
}

function major(version) {
  return version.split('.')[0];
}

function readJson(file) {
  return JSON.parse(readFileSync(join(ROOT, file), 'utf8'));
}

function fail(problem) {
  console.error(`docs/dependencies.md ${problem}.`);
  process.exitCode = 1;
}
