import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ROOT } from '../scripts/dependencies.mjs';
import { formatFolders } from './checkpoints.mjs';

/**
 * @typedef {object} Entry one contender on one model
 * @property {string} key `lathe-<format>`, `tfjs`, `transformers-fp32` or `transformers-q8`
 * @property {string} title
 * @property {string} kind as `page/open-contender.ts` takes it
 * @property {string} source address of a checkpoint, or the name of an ONNX folder
 */

/**
 * Contenders for a model: Lathe in these formats, plain tfjs, and transformers.js if its files are present.
 * @param {object} model
 * @param {readonly object[]} formats
 * @param {{ peers: string, peersInstalled: boolean, kinds: readonly string[] }} options `kinds`: the requested ones
 * @returns {{ entries: Entry[], folders: Record<string, string>, missing: string[] }} `folders` for the server, and
 *   the commands that make missing files
 */
export function contendersOf(model, formats, { peers, peersInstalled, kinds }) {
  const byFormat = formatFolders(model, formats);
  const address = (key) => `/checkpoints/${model.name}/${key}`;
  const entries = formats.map(({ key, title }) => ({
    key: `lathe-${key}`,
    title: `Lathe, ${title}`,
    kind: 'lathe',
    source: address(key),
  }));
  entries.push({ key: 'tfjs', title: 'plain tfjs ops, float32', kind: 'tfjs', source: address('dense') });
  const missing = [];
  for (const [kind, title, file] of [
    ['transformers-fp32', 'transformers.js, fp32', 'model.onnx'],
    ['transformers-q8', 'transformers.js, q8', 'model_quantized.onnx'],
  ]) {
    const name = `${model.name}-onnx`;
    if (!kinds.includes(kind)) continue;
    if (!peersInstalled) missing.push(`${title}: run npm ci --ignore-scripts in bench/peers`);
    else if (existsSync(join(peers, name, 'onnx', file)))
      entries.push({ key: kind, title, kind, source: name });
    else missing.push(`${title} on ${model.title}: ${exportCommand(byFormat.dense, peers, name)}`);
  }
  const folders = Object.fromEntries(
    Object.entries(byFormat).map(([key, folder]) => [`${address(key)}/`, folder]),
  );
  return { entries: entries.filter(({ kind }) => kinds.includes(kind)), folders, missing };
}

/** Command that makes the ONNX files; a folder outside the repository is shown by its option. */
function exportCommand(model, peers, name) {
  const output = inRepository(peers) ? `${relative(ROOT, peers)}/${name}` : `DIR/${name} (--peers DIR)`;
  return `python training/export_onnx.py --model ${relative(ROOT, model)} --output ${output}`;
}

function inRepository(folder) {
  return folder.startsWith(ROOT);
}
