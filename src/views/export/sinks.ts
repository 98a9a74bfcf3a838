import { Zip, ZipPassThrough } from 'fflate';
import type { ExportSink } from '../../lab/protocol/protocol';

/** Sink that writes into a folder that the user chose. */
export function directorySink(directory: FileSystemDirectoryHandle): ExportSink {
  let file: FileSystemWritableFileStream | undefined;
  return {
    async open(path) {
      const handle = await directory.getFileHandle(path, { create: true });
      file = await handle.createWritable();
    },
    async write(bytes) {
      await file!.write(bytes as Uint8Array<ArrayBuffer>);
    },
    async close() {
      await file!.close();
    },
    async abort() {
      await file!.abort();
    },
  };
}

/**
 * Sink that collects the files in an uncompressed zip, since weights hardly shrink. Blobs keep the pieces out of the
 * heap.
 */
export function zipSink(folder: string): { sink: ExportSink; finish(): Promise<Blob> } {
  const pieces: Blob[] = [];
  let failure: Error | undefined;
  const zip = new Zip((error, chunk) => {
    if (error) failure = error;
    else pieces.push(new Blob([chunk as Uint8Array<ArrayBuffer>]));
  });
  let entry: ZipPassThrough | undefined;
  return {
    sink: {
      async open(path) {
        entry = new ZipPassThrough(`${folder}/${path}`);
        zip.add(entry);
      },
      async write(bytes) {
        // The zip keeps a view until it is written; the worker's bytes are already a copy.
        entry!.push(bytes, false);
        if (failure) throw failure;
      },
      async close() {
        entry!.push(new Uint8Array(), true);
      },
    },
    async finish() {
      zip.end();
      if (failure) throw failure;
      return new Blob(pieces, { type: 'application/zip' });
    },
  };
}
