import { CheckpointError } from '../checkpoint-error';
import type { NamedBlob } from '../named-tensor';
import { TOKENIZER_FILE_NAMES, type TokenizerFiles } from '../tokenizer-files';

/** Size limit of tokenizer and config files, which are parsed as a whole. */
const MAX_TEXT_BYTES = 100_000_000;

/** Reads the files of a tokenizer among those of one folder, given by their names in it. */
export async function readTokenizerFiles(byName: ReadonlyMap<string, NamedBlob>): Promise<TokenizerFiles> {
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
      `${file.path} is ${file.blob.size} bytes long; at most ${MAX_TEXT_BYTES} are read from such a file.`,
    );
  }
  return file.blob.text();
}

/** Reads a file that holds a JSON object. @throws CheckpointError where it does not */
export async function readJson(file: NamedBlob): Promise<Record<string, unknown>> {
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
