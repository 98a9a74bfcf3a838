import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExportSink } from '../src/lab/protocol/protocol';

/**
 * Writes an exported variant into a folder, which is created if necessary. A file gets its name only when it is
 * complete, so that a failed export leaves an earlier one unchanged.
 */
export function folderSink(folder: string): ExportSink {
  let file: FileHandle | undefined;
  let target = '';
  const partial = () => `${target}.part`;
  return {
    async open(path) {
      await mkdir(folder, { recursive: true });
      target = join(folder, path);
      file = await open(partial(), 'w');
    },
    async write(bytes) {
      await file!.writeFile(bytes);
    },
    async close() {
      await file!.close();
      await rename(partial(), target);
    },
    async abort() {
      await file!.close();
      await rm(partial(), { force: true });
    },
  };
}
