import { CheckpointError } from './checkpoint-error';
import { excerpt, shortName } from './excerpt';
import type { NamedBlob } from './named-tensor';
import { openSafetensors, type TensorEntry } from './safetensors-reader';
import { TOKENIZER_FILE_NAMES, type TokenizerFiles } from './tokenizer-files';

/** A checkpoint whose files have been found and whose headers have been read. */
export interface CheckpointFiles {
  /** Name of its folder, or of the weights file where the files came loose. */
  readonly name: string;
  readonly config: Record<string, unknown>;
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  /** Of all weight files together. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly tokenizerFiles: TokenizerFiles;
  /** Bytes of the weight files. */
  readonly totalBytes: number;
  /** Paths of files that were given and not used. */
  readonly ignored: readonly string[];
}

const CONFIG = 'config.json';
const WEIGHTS = 'model.safetensors';
const SHARD_INDEX = 'model.safetensors.index.json';
/** Tokenizer and config files are text that is parsed whole; a larger one is something else. */
const MAX_TEXT_BYTES = 100_000_000;

/**
 * Finds a checkpoint among the files that a user gave: a Hugging Face folder, or its files loose.
 * Unknown files are ignored.
 *
 * @throws CheckpointError that names everything that is missing, or says why what is there cannot be read
 */
export async function collectCheckpoint(files: readonly NamedBlob[]): Promise<CheckpointFiles> {
  const folder = checkpointFolder(files);
  const byName = new Map(
    files.filter(({ path }) => folderOf(path) === folder).map((file) => [baseName(file.path), file]),
  );
  const weights = await findWeights(byName);
  requireAll(byName, weights.length > 0);
  const config = await readJson(byName.get(CONFIG)!);
  const tensors = new Map<string, TensorEntry>();
  let metadata: Record<string, string> = {};
  for (const { path, blob } of weights) {
    const opened = await openSafetensors(blob, baseName(path));
    metadata = { ...metadata, ...opened.metadata };
    for (const [name, entry] of opened.tensors) {
      if (tensors.has(name)) {
        throw new CheckpointError(
          `Tensor ${shortName(name)} stands in two weight files; keep the shards of one checkpoint only.`,
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

/** The one folder that holds a config.json; loose files have the folder ''. */
function checkpointFolder(files: readonly NamedBlob[]): string {
  const folders = files.filter(({ path }) => baseName(path) === CONFIG).map(({ path }) => folderOf(path));
  if (folders.length > 1) {
    throw new CheckpointError(
      `There are ${folders.length} checkpoints here (${folders.map((folder) => folder || 'loose files').join(', ')}); give one folder at a time.`,
    );
  }
  return folders[0] ?? folderOf(files.find(({ path }) => path.endsWith('.safetensors'))?.path ?? '');
}

async function findWeights(byName: ReadonlyMap<string, NamedBlob>): Promise<NamedBlob[]> {
  const index = byName.get(SHARD_INDEX);
  const whole = byName.get(WEIGHTS);
  if (whole) return [whole];
  if (index) return shardsOf(await readJson(index), byName);
  const others = [...byName.values()].filter(({ path }) => path.endsWith('.safetensors'));
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

/** @throws CheckpointError where the index names a tensor that no shard holds */
async function requireIndexed(index: NamedBlob, tensors: ReadonlyMap<string, TensorEntry>): Promise<void> {
  const { weight_map: map } = await readJson(index);
  const missing = Object.entries(map as Record<string, unknown>).find(([name]) => !tensors.has(name));
  if (missing === undefined) return;
  throw new CheckpointError(
    `${SHARD_INDEX} says that tensor ${shortName(missing[0])} is in ${excerpt(missing[1])}, which does not hold it; take all files from the same checkpoint.`,
  );
}

function requireAll(byName: ReadonlyMap<string, NamedBlob>, hasWeights: boolean): void {
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
  const binary = [...byName.keys()].some((name) => name.endsWith('.bin') || name.endsWith('.pt'));
  const hint =
    !hasWeights && binary
      ? ' Weights in PyTorch format must be saved again with save_pretrained(safe_serialization=True).'
      : '';
  throw new CheckpointError(
    `This checkpoint lacks ${listInWords(missing)}; add ${missing.length > 1 ? 'them' : 'it'} to what you drop.${hint}`,
  );
}

async function readTokenizerFiles(byName: ReadonlyMap<string, NamedBlob>): Promise<TokenizerFiles> {
  const entries = await Promise.all(
    Object.entries(TOKENIZER_FILE_NAMES).map(
      async ([key, name]) => [key, await readText(byName.get(name))] as const,
    ),
  );
  return Object.fromEntries(entries.filter(([, text]) => text !== undefined));
}

async function readText(file: NamedBlob | undefined): Promise<string | undefined> {
  if (!file) return undefined;
  if (file.blob.size > MAX_TEXT_BYTES) {
    throw new CheckpointError(
      `${file.path} is ${file.blob.size} bytes long; at most ${MAX_TEXT_BYTES} are read of such a file.`,
    );
  }
  return file.blob.text();
}

async function readJson(file: NamedBlob): Promise<Record<string, unknown>> {
  let parsed: unknown;
  try {
    parsed = JSON.parse((await readText(file))!);
  } catch (error) {
    if (error instanceof CheckpointError) throw error;
    throw new CheckpointError(`${file.path} is not JSON (${(error as Error).message}); download it again.`);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new CheckpointError(`${file.path} is not a JSON object; download it again.`);
  }
  return parsed as Record<string, unknown>;
}

function baseName(path: string): string {
  return path.split('/').pop()!;
}

function folderOf(path: string): string {
  return path.split('/').slice(0, -1).join('/');
}

function listInWords(items: readonly string[]): string {
  if (items.length < 2) return items.join('');
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}
