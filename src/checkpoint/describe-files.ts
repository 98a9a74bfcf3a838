import { shortName } from './excerpt';
import { fileKind } from './file-kind';
import type { NamedBlob } from './named-tensor';

/** Greatest number of files named in a sentence, the largest first. */
const MAX_NAMED = 3;

/** Kinds of files, as parts of a sentence. */
export interface FilesDescription {
  /** "a.gguf is a GGUF file and b.png is a PNG picture" */
  readonly text: string;
  /** Advice on the first file that has any. */
  readonly advice?: string;
}

/**
 * Describes files by their names and first bytes, the largest first, and the one with the advice last.
 * @throws CheckpointError if one cannot be read
 */
export async function describeFiles(files: readonly NamedBlob[]): Promise<FilesDescription> {
  const named = await kindsOf(files);
  const advised = named.find(({ advice }) => advice !== undefined);
  const texts = named.filter((file) => file !== advised).map(({ text }) => text);
  const others = files.length - named.length;
  if (others > 0) texts.push(`${others} more ${others > 1 ? 'files are' : 'file is'} there`);
  if (advised) texts.push(advised.text);
  return { text: listInWords(texts), advice: advised?.advice };
}

/** Returns advice on the largest file that has any: "a.bin is a PyTorch pickle: save it again …". */
export async function adviceOn(files: readonly NamedBlob[]): Promise<string | undefined> {
  const found = (await kindsOf(files)).find(({ advice }) => advice !== undefined);
  return found && `${found.text}: ${found.advice}`;
}

async function kindsOf(files: readonly NamedBlob[]): Promise<FilesDescription[]> {
  const largest = [...files].sort((left, right) => right.blob.size - left.blob.size).slice(0, MAX_NAMED);
  return Promise.all(
    largest.map(async ({ path, blob }) => {
      const { title, advice } = await fileKind(blob);
      return { text: `${shortName(path)} is ${title}`, advice };
    }),
  );
}

/** "a", "a and b", "a, b and c". */
export function listInWords(items: readonly string[]): string {
  if (items.length < 2) return items.join('');
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}
