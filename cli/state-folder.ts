import { mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StateFiles } from '../src/lab/checkpoints/state-files';

const PARTIAL = '.part';

/**
 * Files in a folder, made when the first is written. A file takes its name only when it is whole.
 * @param megabytes (10⁶ bytes) that they may take; absent: as many as there is room for
 */
export function stateFolder(folder: string, megabytes?: number): StateFiles {
  return {
    async names() {
      const names = await readdir(folder).catch(unlessMissing<string[]>([]));
      return names.filter((name) => !name.endsWith(PARTIAL));
    },
    async read(name, start = 0, end) {
      const file = await open(join(folder, name)).catch(unlessMissing(undefined));
      if (!file) return undefined;
      try {
        const length = Math.max(0, (end ?? (await file.stat()).size) - start);
        const bytes = new Uint8Array(length);
        const { bytesRead } = await file.read(bytes, 0, length, start);
        return bytes.subarray(0, bytesRead);
      } finally {
        await file.close();
      }
    },
    async write(name, pieces) {
      await mkdir(folder, { recursive: true });
      const partial = join(folder, `${name}${PARTIAL}`);
      await writeFile(partial, pieces);
      await rename(partial, join(folder, name));
    },
    budget: async () => (megabytes === undefined ? undefined : megabytes * 1e6),
    remove: (name) => rm(join(folder, name), { force: true }),
  };
}

/** Passes on every error but that nothing is there, which has an answer. */
function unlessMissing<T>(answer: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === 'ENOENT') return answer;
    throw error;
  };
}
