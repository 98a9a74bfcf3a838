import { openAsBlob } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Checkpoint } from '../checkpoint/checkpoint';
import { openCheckpoint } from '../checkpoint/open-checkpoint';
import type { NamedBlob } from '../checkpoint/named-tensor';

/** Files of a folder as if dropped by a user, read lazily. */
export async function folderFiles(folder: string): Promise<NamedBlob[]> {
  const names = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isFile());
  return Promise.all(
    names.map(async ({ name }) => ({
      path: `${basename(folder)}/${name}`,
      blob: await openAsBlob(join(folder, name)),
    })),
  );
}

/** Opens a checkpoint from the file system. */
export async function openFolder(folder: string): Promise<Checkpoint> {
  return openCheckpoint(await folderFiles(folder));
}
