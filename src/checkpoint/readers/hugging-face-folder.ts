import type { Checkpoint } from '../checkpoint';
import { CheckpointError } from '../checkpoint-error';
import { adviceOn, listInWords } from '../describe-files';
import { excerpt, shortName } from '../excerpt';
import { fileKind } from '../file-kind';
import type { NamedBlob, TensorEntry } from '../named-tensor';
import { openSafetensors } from '../safetensors-reader';
import { TOKENIZER_FILE_NAMES } from '../tokenizer-files';
import { readJson, readTokenizerFiles } from './folder-texts';
import type { CheckpointReader } from './reader';

const CONFIG = 'config.json';
const WEIGHTS = 'model.safetensors';
const SHARD_INDEX = 'model.safetensors.index.json';

/** Reads a Hugging Face folder, or its files loose; ignores unneeded files. */
export const huggingFaceFolder: CheckpointReader = {
  id: 'hugging-face-folder',
  title: `a Hugging Face folder (${CONFIG}, ${WEIGHTS} and a tokenizer)`,
  canRead: (files) =>
    files.some(({ path }) => [CONFIG, SHARD_INDEX].includes(baseName(path)) || isSafetensors(path)),
  open,
};

async function open(files: readonly NamedBlob[]): Promise<Checkpoint> {
  const folder = checkpointFolder(files);
  const byName = new Map(
    files.filter(({ path }) => folderOf(path) === folder).map((file) => [baseName(file.path), file]),
  );
  const weights = await findWeights(byName);
  await requireAll(byName, weights.length > 0);
  const config = await readJson(byName.get(CONFIG)!);
  const tensors = new Map<string, TensorEntry>();
  let metadata: Record<string, string> = {};
  for (const { path, blob } of weights) {
    await refuseOtherKinds(baseName(path), blob);
    const opened = await openSafetensors(blob, baseName(path));
    metadata = { ...metadata, ...opened.metadata };
    for (const [name, entry] of opened.tensors) {
      if (tensors.has(name)) {
        throw new CheckpointError(
          `Tensor ${shortName(name)} is in two weight files; keep the shards of one checkpoint only.`,
        );
      }
      tensors.set(name, entry);
    }
  }
  const index = byName.get(SHARD_INDEX);
  if (index && !byName.has(WEIGHTS)) await requireIndexed(index, tensors);
  const used = new Set([
    CONFIG,
    SHARD_INDEX,
    ...Object.values(TOKENIZER_FILE_NAMES),
    ...weights.map(({ path }) => baseName(path)),
  ]);
  return {
    name: folder.split('/').pop() || baseName(weights[0].path).replace(/\.safetensors$/, ''),
    config,
    tensors,
    metadata,
    tokenizerFiles: await readTokenizerFiles(byName),
    totalBytes: weights.reduce((sum, { blob }) => sum + blob.size, 0),
    ignored: files
      .filter(({ path }) => folderOf(path) !== folder || !used.has(baseName(path)))
      .map(({ path }) => path),
  };
}

/** The folder that holds config.json; '' for loose files. */
function checkpointFolder(files: readonly NamedBlob[]): string {
  const folders = files.filter(({ path }) => baseName(path) === CONFIG).map(({ path }) => folderOf(path));
  if (folders.length > 1) {
    throw new CheckpointError(
      `There are ${folders.length} checkpoints here (${folders.map((folder) => folder || 'loose files').join(', ')}); give one folder at a time.`,
    );
  }
  return folders[0] ?? folderOf(files.find(({ path }) => isSafetensors(path))?.path ?? '');
}

async function findWeights(byName: ReadonlyMap<string, NamedBlob>): Promise<NamedBlob[]> {
  const index = byName.get(SHARD_INDEX);
  const whole = byName.get(WEIGHTS);
  if (whole) return [whole];
  if (index) return shardsOf(await readJson(index), byName);
  const others = [...byName.values()].filter(({ path }) => isSafetensors(path));
  return others.length === 1 ? others : [];
}

function shardsOf(index: Record<string, unknown>, byName: ReadonlyMap<string, NamedBlob>): NamedBlob[] {
  const map = index.weight_map;
  if (typeof map !== 'object' || map === null) {
    throw new CheckpointError(`${SHARD_INDEX} has no "weight_map"; save the checkpoint again.`);
  }
  const names = [...new Set(Object.values(map as Record<string, unknown>).map(String))];
  const missing = names.filter((name) => !byName.has(name));
  if (missing.length > 0) {
    throw new CheckpointError(
      `${SHARD_INDEX} names ${missing.join(', ')}, which ${missing.length > 1 ? 'are' : 'is'} not among the files; add ${missing.length > 1 ? 'them' : 'it'}.`,
    );
  }
  return names.map((name) => byName.get(name)!);
}

/** @throws CheckpointError if the index names a tensor that no shard holds */
async function requireIndexed(index: NamedBlob, tensors: ReadonlyMap<string, TensorEntry>): Promise<void> {
  const { weight_map: map } = await readJson(index);
  const missing = Object.entries(map as Record<string, unknown>).find(([name]) => !tensors.has(name));
  if (missing === undefined) return;
  throw new CheckpointError(
    `${SHARD_INDEX} says that tensor ${shortName(missing[0])} is in ${excerpt(missing[1])}, which does not hold it; take all files from the same checkpoint.`,
  );
}

async function requireAll(byName: ReadonlyMap<string, NamedBlob>, hasWeights: boolean): Promise<void> {
  const missing: string[] = [];
  if (!byName.has(CONFIG)) missing.push(CONFIG);
  if (!hasWeights) missing.push(WEIGHTS);
  const hasTokenizer =
    byName.has('tokenizer.json') ||
    byName.has('vocab.txt') ||
    (byName.has('vocab.json') && byName.has('merges.txt'));
  if (!hasTokenizer)
    missing.push('a tokenizer (tokenizer.json, or vocab.json with merges.txt, or vocab.txt)');
  if (missing.length === 0) return;
  const advice = hasWeights ? undefined : await adviceOn([...byName.values()]);
  throw new CheckpointError(
    `This checkpoint lacks ${listInWords(missing)}; add ${missing.length > 1 ? 'them' : 'it'} to what you drop${advice ? `; ${advice}` : ''}.`,
  );
}

/** @throws CheckpointError if the first bytes of a weights file show another kind: a pointer, a page, another format */
async function refuseOtherKinds(name: string, blob: Blob): Promise<void> {
  const { title, advice } = await fileKind(blob);
  if (advice) throw new CheckpointError(`${name} is ${title}; ${advice}.`);
}

function isSafetensors(path: string): boolean {
  return path.endsWith('.safetensors');
}

function baseName(path: string): string {
  return path.split('/').pop()!;
}

function folderOf(path: string): string {
  return path.split('/').slice(0, -1).join('/');
}
