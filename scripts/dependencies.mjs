import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..');

export const NPM = process.platform === 'win32' ? 'npm.cmd' : 'npm';

/** Runs `npm ci` if node_modules is absent or differs from package-lock.json. */
export function ensureDependencies() {
  requireNode();
  const reason = staleReason();
  if (!reason) return;
  // Not on stdout, which is reserved for the document of a run.
  console.error(`Installing dependencies (${reason}) …`);
  execFileSync(NPM, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: ROOT,
    stdio: ['inherit', process.stderr, 'inherit'],
    shell: process.platform === 'win32',
  });
}

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  console.error(`Lathe needs Node 20.19 or newer; this is ${process.version}.`);
  process.exit(1);
}

/**
 * npm records the installed packages in node_modules/.package-lock.json; optional packages of other platforms may be
 * absent.
 */
function staleReason() {
  const installedLock = join(ROOT, 'node_modules', '.package-lock.json');
  if (!existsSync(installedLock)) return 'node_modules is absent';
  const wanted = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).packages;
  const installed = JSON.parse(readFileSync(installedLock, 'utf8')).packages;
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '') continue;
    const found = installed[path];
    if (!found && (entry.optional || entry.peer)) continue;
    if (found?.version !== entry.version)
      return `${path.replace('node_modules/', '')} is not ${entry.version}`;
  }
  return undefined;
}
