import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Report } from '../src/lab/protocol/protocol';
import expected from '../src/testing/fixtures/tiny-gpt2/expected.json';

const root = join(import.meta.dirname, '..');
const shell = process.platform === 'win32';
const folder = mkdtempSync(join(tmpdir(), 'lathe-package-'));
let files: string[] = [];

/**
 * The package in an empty folder. Dawn's addon, which is 130 MB, is taken from the clone, so that no network is
 * needed.
 */
beforeAll(() => {
  const packed = npm(root, 'pack', '--json', '--pack-destination', folder);
  const [{ filename, files: listed }] = JSON.parse(packed) as [
    { filename: string; files: { path: string }[] },
  ];
  files = listed.map(({ path }) => path);
  mkdirSync(join(folder, 'webgpu'));
  writeJson('webgpu/package.json', {
    name: 'webgpu',
    version: '0.0.0',
    type: 'module',
    exports: './index.js',
  });
  writeFileSync(
    join(folder, 'webgpu', 'index.js'),
    `export * from ${JSON.stringify(new URL('../node_modules/webgpu/index.js', import.meta.url).href)};\n`,
  );
  writeJson('package.json', {
    dependencies: { lathe: `file:${filename}` },
    overrides: { webgpu: 'file:./webgpu' },
  });
  npm(folder, 'install', '--offline', '--no-audit', '--no-fund');
});

afterAll(() => rmSync(folder, { recursive: true }));

function npm(cwd: string, ...args: string[]): string {
  return execFileSync('npm', args, { cwd, shell, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

function lathe(...args: string[]) {
  return spawnSync('npx', ['lathe', ...args], { cwd: folder, shell, encoding: 'utf8' });
}

function writeJson(path: string, content: unknown): void {
  writeFileSync(join(folder, path), JSON.stringify(content));
}

test('the package contains the built command line, its licences and readme, and no sources', () => {
  const outside = files.filter((path) => !/^dist-cli\/[\w-]+\.mjs$/.test(path)).sort();
  expect(outside).toEqual(['LICENSE', 'README.md', 'dist-cli/licenses.md', 'package.json']);
});

test('help, and a usage error in one line', () => {
  expect(lathe('--help')).toMatchObject({ status: 0, stderr: '' });
  const mistake = lathe('--model', 'nowhere');
  expect(mistake).toMatchObject({ status: 1, stdout: '' });
  expect(mistake.stderr).toMatch(/^lathe: --model nowhere is not a folder; .*\n$/);
});

test('a perplexity from the installed package', () => {
  writeFileSync(join(folder, 'text.txt'), expected.text);
  const { status, stdout, stderr } = lathe(
    ...['--model', join(root, 'src/testing/fixtures/tiny-gpt2'), '--evaluate', 'perplexity=text.txt'],
    ...['--window', '32', '--stride', '32'],
  );
  expect([status, stderr]).toEqual([0, '']);
  const reference = expected.perplexity.find(({ window, stride }) => window === 32 && stride === 32)!;
  const { base } = JSON.parse(stdout) as Report;
  expect(Number(base.metrics.perplexity) / reference.perplexity).toBeCloseTo(1, 4);
});
