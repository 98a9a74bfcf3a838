import type { StateFiles } from '../lab/state-files';

/** Files in memory, that fail to be written with `failure` while it is set. */
export function memoryFiles(): StateFiles & { failure?: Error } {
  const contents = new Map<string, Uint8Array>();
  return {
    names: async () => [...contents.keys()],
    read: async (name, start = 0, end) => contents.get(name)?.slice(start, end),
    async write(name, pieces) {
      if (this.failure) throw this.failure;
      contents.set(name, Uint8Array.from(pieces.flatMap((piece) => [...piece])));
    },
    remove: async (name) => void contents.delete(name),
  };
}
