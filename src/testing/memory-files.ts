import type { StateFiles } from '../lab/checkpoints/state-files';

interface MemoryFiles extends StateFiles {
  /** While it is set, nothing can be written, but fails with it. */
  failure?: Error;
  /** Bytes that they may take. */
  room?: number;
  readonly contents: Map<string, Uint8Array>;
}

/** Files in memory. */
export function memoryFiles(): MemoryFiles {
  const contents = new Map<string, Uint8Array>();
  return {
    contents,
    async budget() {
      return this.room;
    },
    names: async () => [...contents.keys()],
    read: async (name, start = 0, end) => contents.get(name)?.slice(start, end),
    async write(name, pieces) {
      if (this.failure) throw this.failure;
      contents.set(name, Uint8Array.from(pieces.flatMap((piece) => [...piece])));
    },
    remove: async (name) => void contents.delete(name),
  };
}
