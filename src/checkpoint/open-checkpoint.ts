import type { Checkpoint } from './checkpoint';
import { CheckpointError } from './checkpoint-error';
import { describeFiles } from './describe-files';
import type { NamedBlob } from './named-tensor';
import { READERS } from './readers/readers';

/**
 * Opens the checkpoint among a user's files.
 * @throws CheckpointError if no reader can read them, naming their kinds; otherwise the reader's error
 */
export async function openCheckpoint(files: readonly NamedBlob[], readers = READERS): Promise<Checkpoint> {
  for (const reader of readers) {
    if (await reader.canRead(files)) return reader.open(files);
  }
  const wanted = `Lathe opens ${readers.map(({ title }) => title).join(', or ')}`;
  if (files.length === 0) throw new CheckpointError(`There are no files; ${wanted}.`);
  const { text, advice } = await describeFiles(files);
  throw new CheckpointError(advice ? `${text}; ${advice}: ${wanted}.` : `${text}; ${wanted}.`);
}
