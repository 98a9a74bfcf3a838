import { mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StateFiles } from '../src/lab/checkpoints/state-files';

const PARTIAL = '.part';

/**
 * Files in a folder, which is created with the first one. A file gets its name only when it is complete.
 * @param megabytes (10⁶ bytes) size limit; absent: unlimited
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

/** Returns the answer for a missing file, and rethrows every other error. */
function unlessMissing<T>(answer: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === 'ENOENT') return answer;
    throw error;
  };
}
