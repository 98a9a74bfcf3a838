import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './dependencies.mjs';

/** Build targets: output folder, source files and folders, and Vite's configuration. */
const BUILDS = {
  app: {
    title: 'the app',
    folder: 'dist',
    sources: ['src', 'public', 'index.html', 'vite.config.ts'],
    config: { root: ROOT },
  },
  'command-line': {
    title: 'the command line',
    folder: 'dist-cli',
    sources: ['src', 'cli', 'scripts/gpu-environment.mjs', 'scripts/builds.mjs'],
    config: nodeBuild({ lathe: 'cli/lathe.mjs', lab: 'cli/lab.mjs' }, join(ROOT, 'dist-cli')),
  },
};
const SHARED_SOURCES = ['package.json', 'package-lock.json'];
const NOT_BUILT = /\.test\.tsx?$|^testing[\\/]/;

/** File with the hash of the sources. A build empties its folder first, so a folder without this file is incomplete. */
const STAMP = '.sources';

/** @typedef {keyof typeof BUILDS} BuildName */

/**
 * Vite's configuration for modules that run in Node: one file for each entry, with everything bundled except Dawn's
 * addon.
 * @param {Record<string, string>} entries name of each built file to its source, from the project's root
 * @param {string} outDir
 * @returns {import('vite').InlineConfig}
 */
export function nodeBuild(entries, outDir) {
  return {
    configFile: false,
    root: ROOT,
    publicDir: false,
    ssr: { noExternal: true, external: ['webgpu'] },
    build: {
      ssr: true,
      target: 'es2023',
      outDir,
      emptyOutDir: true,
      license: { fileName: 'licenses.md' },
      rolldownOptions: {
        input: entries,
        output: { entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' },
      },
    },
  };
}

/**
 * Builds if sources changed since the last build, in a separate process so that its memory is released.
 * @param {BuildName} name
 * @returns {string} the folder
 */
export function ensureBuilt(name) {
  const { title, folder } = BUILDS[name];
  const stamp = join(ROOT, folder, STAMP);
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== hashOfSources(name)) {
    // Not on stdout, which is reserved for the document of a run.
    console.error(`Building ${title} …`);
    const { status } = spawnSync(process.execPath, [join(ROOT, 'scripts', 'build.mjs'), name, '--quiet'], {
      stdio: ['ignore', process.stderr, 'inherit'],
    });
    if (status !== 0) process.exit(1);
  }
  return join(ROOT, folder);
}

/**
 * @param {BuildName} name
 * @param {import('vite').LogLevel} [logLevel]
 */
export async function build(name, logLevel) {
  const { folder, config } = BUILDS[name];
  const hash = hashOfSources(name);
  const vite = await import('vite');
  await vite.build({ ...config, logLevel });
  writeFileSync(join(ROOT, folder, STAMP), hash);
}

function hashOfSources(name) {
  const hash = createHash('sha256');
  for (const source of [...BUILDS[name].sources, ...SHARED_SOURCES]) {
    for (const file of filesOf(source)) hash.update(`${file}\n`).update(readFileSync(join(ROOT, file)));
  }
  return hash.digest('hex');
}

/** The file itself, or the files within a folder, in a fixed order. */
function filesOf(path) {
  if (!statSync(join(ROOT, path)).isDirectory()) return [path];
  return readdirSync(join(ROOT, path), { recursive: true, withFileTypes: false })
    .filter((name) => !NOT_BUILT.test(name))
    .map((name) => join(path, name))
    .filter((file) => statSync(join(ROOT, file)).isFile())
    .sort();
}
