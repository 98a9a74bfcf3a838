import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExportSink } from '../src/lab/protocol';

/** Writes an exported variant into a folder, made if need be. */
export function folderSink(folder: string): ExportSink {
  let file: FileHandle | undefined;
  return {
    async open(path) {
      await mkdir(folder, { recursive: true });
      file = await open(join(folder, path), 'w');
    },
    async write(bytes) {
      await file!.writeFile(bytes);
    },
    async close() {
      await file!.close();
      file = undefined;
    },
  };
}
