import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';
import { ROOT } from '../scripts/dependencies.mjs';

const PEERS = join(ROOT, 'bench', 'peers');
const TRANSFORMERS = join(PEERS, 'node_modules/@huggingface/transformers/dist/transformers.web.js');

/** Folder of onnxruntime's WebAssembly files, which the server serves. */
export const ONNXRUNTIME = join(PEERS, 'node_modules/onnxruntime-web/dist');

/**
 * Installs the peers by their own lockfile where they are absent, without running their scripts.
 * @returns {boolean} whether they are installed
 */
export function installPeers() {
  if (existsSync(TRANSFORMERS)) return true;
  console.log('Installing the peers (bench/peers) …');
  try {
    execFileSync(
      process.platform === 'win32' ? 'npm.cmd' : 'npm',
      ['ci', '--ignore-scripts', '--no-audit', '--no-fund'],
      { cwd: PEERS, stdio: 'inherit', shell: process.platform === 'win32' },
    );
  } catch {
    console.warn('The peers could not be installed; Lathe is measured without transformers.js.');
  }
  return existsSync(TRANSFORMERS);
}

/**
 * Builds the bench page with the app's configuration.
 * @param {string} outDir
 * @param {{ source?: string }} [options] `source`: a checkout whose src/ replaces this one's
 */
export async function buildPage(outDir, { source = ROOT } = {}) {
  await build({
    configFile: false,
    root: join(ROOT, 'bench', 'page'),
    base: '/',
    logLevel: 'error',
    plugins: source === ROOT ? [] : [takeSourcesFrom(source)],
    resolve: { alias: { '@huggingface/transformers': TRANSFORMERS } },
    worker: { format: 'es' },
    build: {
      target: 'es2023',
      outDir,
      emptyOutDir: true,
      chunkSizeWarningLimit: 5000,
      rolldownOptions: { external: existsSync(TRANSFORMERS) ? [] : [TRANSFORMERS] },
    },
  });
}

/** Redirects imports of Lathe's own sources into another checkout. */
function takeSourcesFrom(source) {
  const ownSources = join(ROOT, 'src') + '/';
  return {
    name: 'other-sources',
    enforce: 'pre',
    async resolveId(id, importer, options) {
      const resolved = await this.resolve(id, importer, { ...options, skipSelf: true });
      if (!resolved?.id.startsWith(ownSources)) return undefined;
      return this.resolve(join(source, 'src', resolved.id.slice(ownSources.length)), undefined, {
        skipSelf: true,
      });
    },
  };
}
