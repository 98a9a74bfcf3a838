import type { ExportSink, NamedFile } from '../lab/protocol/protocol';

/** Collects an exported folder in memory. */
export function memorySink(): { sink: ExportSink; files(): NamedFile[] } {
  const pieces = new Map<string, Uint8Array<ArrayBuffer>[]>();
  let current: Uint8Array<ArrayBuffer>[] = [];
  return {
    sink: {
      async open(path) {
        pieces.set(path, (current = []));
      },
      async write(bytes) {
        current.push(bytes.slice() as Uint8Array<ArrayBuffer>);
      },
      async close() {},
    },
    files: () => [...pieces].map(([path, parts]) => ({ path: `export/${path}`, blob: new Blob(parts) })),
  };
}
