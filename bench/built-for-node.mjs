import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'vite';
import { nodeBuild } from '../scripts/builds.mjs';
import { ROOT } from '../scripts/dependencies.mjs';

/**
 * Builds a TypeScript file of the project for Node and passes its module to `use`; the output is deleted afterwards.
 *
 * @param entry path from the project's root
 */
export async function withBuiltForNode(entry, use) {
  // Within the project, so that Node finds the packages that are not bundled.
  const folder = await mkdtemp(join(ROOT, 'node_modules', '.lathe-bench-'));
  try {
    await build({ ...nodeBuild({ built: entry }, folder), logLevel: 'error' });
    return await use(await import(pathToFileURL(join(folder, 'built.mjs')).href));
  } finally {
    await rm(folder, { recursive: true });
  }
}
