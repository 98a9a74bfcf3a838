import type { StateFiles } from './state-files';

const SLOTS = ['a', 'b'] as const;
/** A file begins with a counter of writes as a float64, which is written last; 0 marks an incomplete file. */
const COUNTER_BYTES = 8;

/** As specified for dedicated workers; TypeScript's DOM types omit it. */
interface SyncAccessHandle {
  write(bytes: Uint8Array, options: { readonly at: number }): number;
  truncate(size: number): void;
  flush(): void;
  close(): void;
}

interface WorkerFileHandle extends FileSystemFileHandle {
  createSyncAccessHandle(): Promise<SyncAccessHandle>;
}

/** Share of the browser's quota; the rest is for the user's other data and for the second copy during a write. */
const SHARE_OF_QUOTA = 0.5;

/** Slot of a file with its complete content. */
interface Slot {
  readonly fileName: string;
  readonly count: number;
  readonly file: File;
}

/**
 * Files in a folder of the origin private file system (WHATWG File System Standard), for a dedicated worker. A new version is
 * written to a second slot and becomes valid once complete, because not every browser can rename one file over another.
 *
 * @param root returns the root of the file system, as `navigator.storage.getDirectory` does
 */
export function originPrivateFiles(
  folderName: string,
  root: () => Promise<FileSystemDirectoryHandle> = () => navigator.storage.getDirectory(),
): StateFiles {
  const folder = async () => (await root()).getDirectoryHandle(folderName, { create: true });
  return {
    async names() {
      const directory = await folder();
      const names = new Set<string>();
      for await (const fileName of directory.keys()) names.add(fileName.slice(0, fileName.lastIndexOf('.')));
      const whole = await Promise.all([...names].map((name) => newestSlot(directory, name)));
      return [...names].filter((_, index) => whole[index] !== undefined);
    },
    async read(name, start = 0, end) {
      const slot = await newestSlot(await folder(), name);
      const part = slot?.file.slice(
        COUNTER_BYTES + start,
        end === undefined ? undefined : COUNTER_BYTES + end,
      );
      return part && new Uint8Array(await part.arrayBuffer());
    },
    async write(name, pieces) {
      const directory = await folder();
      const before = await newestSlot(directory, name);
      const fileName = SLOTS.map((slot) => `${name}.${slot}`).find((other) => other !== before?.fileName)!;
      const handle = await directory.getFileHandle(fileName, { create: true });
      try {
        await writeWhole(handle as WorkerFileHandle, pieces, (before?.count ?? 0) + 1);
      } catch (error) {
        await directory.removeEntry(fileName).catch(() => undefined);
        throw error;
      }
      if (before) await directory.removeEntry(before.fileName);
    },
    async budget() {
      const { quota } = await navigator.storage.estimate();
      return quota === undefined ? undefined : SHARE_OF_QUOTA * quota;
    },
    async remove(name) {
      const directory = await folder();
      for (const slot of SLOTS) {
        await directory.removeEntry(`${name}.${slot}`).catch((error: DOMException) => {
          if (error.name !== 'NotFoundError') throw error;
        });
      }
    },
  };
}

async function writeWhole(
  handle: WorkerFileHandle,
  pieces: readonly Uint8Array[],
  count: number,
): Promise<void> {
  const access = await handle.createSyncAccessHandle();
  const write = (bytes: Uint8Array, at: number): number => {
    const written = access.write(bytes, { at });
    if (written < bytes.length) throw new DOMException('The storage is full', 'QuotaExceededError');
    return at + written;
  };
  try {
    access.truncate(0);
    let at = write(new Uint8Array(COUNTER_BYTES), 0);
    for (const piece of pieces) at = write(piece, at);
    access.flush();
    write(new Uint8Array(Float64Array.of(count).buffer), 0);
    access.flush();
  } finally {
    access.close();
  }
}

/** Latest slot with a complete file. */
async function newestSlot(directory: FileSystemDirectoryHandle, name: string): Promise<Slot | undefined> {
  const slots = await Promise.all(SLOTS.map((slot) => slotAt(directory, `${name}.${slot}`)));
  return slots
    .filter((slot) => slot !== undefined)
    .reduce<Slot | undefined>(
      (newest, slot) => (newest && newest.count > slot.count ? newest : slot),
      undefined,
    );
}

async function slotAt(directory: FileSystemDirectoryHandle, fileName: string): Promise<Slot | undefined> {
  try {
    const file = await (await directory.getFileHandle(fileName)).getFile();
    const counter = await file.slice(0, COUNTER_BYTES).arrayBuffer();
    const count = counter.byteLength === COUNTER_BYTES ? new Float64Array(counter)[0] : 0;
    return count > 0 ? { fileName, count, file } : undefined;
  } catch (error) {
    if ((error as DOMException).name === 'NotFoundError') return undefined;
    throw error;
  }
}
