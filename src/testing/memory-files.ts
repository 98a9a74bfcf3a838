import type { StateFiles } from '../lab/checkpoints/state-files';

interface MemoryFiles extends StateFiles {
  /** Error with which every write fails while it is set. */
  failure?: Error;
  /** Capacity in bytes. */
  room?: number;
  readonly contents: Map<string, Uint8Array>;
}

/** In-memory files. */
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
