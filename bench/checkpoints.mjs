import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { gpuEnvironment } from '../scripts/gpu-environment.mjs';
import { ROOT } from '../scripts/dependencies.mjs';
import { recipeOf } from './formats.mjs';

/** Cache of checkpoints that can be made again; not in version control. */
const CACHE = join(ROOT, 'bench', 'cache', 'checkpoints');
/** The shipped demo. */
export const DEMO_FOLDER = join(ROOT, 'public', 'models', 'fairy-tales-gpt2');

/** The two models of the bench. */
export const DEMO = { key: 'demo', name: 'fairy-tales-gpt2', title: 'demo GPT-2 (3.5 M)', vocabulary: 4096 };
export const LARGE = { key: 'large', name: 'gpt2-124m', title: 'GPT-2 (124 M)', vocabulary: 50257 };

const LARGE_SHAPE = { layers: 12, width: 768, heads: 12, vocabulary: LARGE.vocabulary, context: 1024 };

/** The folder of a model's plain checkpoint, made if it is absent. */
function checkpointFolder(model) {
  return model === DEMO ? DEMO_FOLDER : randomGpt2(LARGE.name, LARGE_SHAPE);
}

/** Two shallow models that differ only in their number of layers, to count dispatches per layer. */
export function countingModels() {
  return [2, 4].map((layers) => {
    const shape = { layers, width: 192, heads: 6, vocabulary: DEMO.vocabulary, context: 256 };
    const name = `counting-${layers}-layers`;
    const folder = randomGpt2(name, shape);
    return { layers, name, vocabulary: DEMO.vocabulary, folder, source: `/checkpoints/${name}` };
  });
}

/** The folder of a GPT-2 with random weights. */
function randomGpt2(name, shape) {
  const folder = join(CACHE, name);
  if (existsSync(folder)) return folder;
  console.log(`Making ${name} …`);
  whole(folder, (partial) => prepare('random', partial, JSON.stringify(shape), DEMO_FOLDER));
  return folder;
}

/**
 * Folders of a model in these formats, compressed by Lathe itself if they are absent.
 * @returns {Record<string, string>} folder by the format's key
 */
export function formatFolders(model, formats) {
  const source = checkpointFolder(model);
  const folders = Object.fromEntries(
    formats.map((format) => [format.key, format.step ? compressedFolder(model, format) : source]),
  );
  const missing = formats.filter(({ key }) => !existsSync(folders[key]));
  if (missing.length > 0) {
    const exports = missing.map((format) => ({
      recipe: recipeOf(format),
      folder: `${folders[format.key]}.part`,
    }));
    prepare('formats', source, JSON.stringify(exports));
    for (const { key } of missing) renameSync(`${folders[key]}.part`, folders[key]);
  }
  return folders;
}

/** Named after the recipe, so that a changed recipe never uses an old checkpoint. */
function compressedFolder(model, format) {
  const digest = createHash('sha256')
    .update(JSON.stringify(recipeOf(format)))
    .digest('hex')
    .slice(0, 8);
  return join(CACHE, `${model.name}-${format.key}-${digest}`);
}

/** Fills a folder under a temporary name and renames it when it is complete. */
function whole(folder, fill) {
  const partial = `${folder}.part`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  fill(partial);
  renameSync(partial, folder);
}

function prepare(...args) {
  const script = join(ROOT, 'bench', 'checkpoints', 'prepare.mjs');
  const { status } = spawnSync(process.execPath, [script, ...args], {
    cwd: ROOT,
    stdio: 'inherit',
    env: gpuEnvironment(),
  });
  if (status !== 0) throw new Error(`bench/checkpoints/prepare.mjs ${args[0]} failed; see above.`);
}
