import { expect, test } from 'vitest';
import { originPrivateFiles } from './origin-private-files';

/** In-memory folder with the used part of the standard's interface and a limited capacity. */
class MemoryDirectory {
  readonly contents = new Map<string, Uint8Array<ArrayBuffer>>();
  room = Infinity;

  getDirectoryHandle = async () => this;

  async *keys() {
    yield* this.contents.keys();
  }

  async removeEntry(name: string) {
    if (!this.contents.delete(name)) throw new DOMException('No such file', 'NotFoundError');
  }

  async getFileHandle(name: string, { create = false } = {}) {
    if (!this.contents.has(name)) {
      if (!create) throw new DOMException('No such file', 'NotFoundError');
      this.contents.set(name, new Uint8Array());
    }
    return {
      getFile: async () => new Blob([this.contents.get(name)!]),
      createSyncAccessHandle: async () => ({
        truncate: (size: number) => this.contents.set(name, this.contents.get(name)!.slice(0, size)),
        write: (bytes: Uint8Array, { at }: { at: number }) => {
          const before = this.contents.get(name)!;
          const fitting = bytes.subarray(0, Math.max(0, this.room - at));
          const after = new Uint8Array(Math.max(before.length, at + fitting.length));
          after.set(before);
          after.set(fitting, at);
          this.contents.set(name, after);
          return fitting.length;
        },
        flush: () => undefined,
        close: () => undefined,
      }),
    };
  }
}

function open() {
  const directory = new MemoryDirectory();
  const root = async () => directory as unknown as FileSystemDirectoryHandle;
  return { directory, files: originPrivateFiles('training', root) };
}

test('files are written in pieces, replaced, read in part and removed', async () => {
  const { directory, files } = open();
  expect(await files.names()).toEqual([]);
  expect(await files.read('a')).toBeUndefined();
  await files.write('a', [Uint8Array.of(1, 2), Uint8Array.of(3)]);
  await files.write('b', [Uint8Array.of(9)]);
  for (const last of [4, 5, 6]) await files.write('a', [Uint8Array.of(1, 2, 3), Uint8Array.of(last)]);
  expect([...(await files.read('a'))!]).toEqual([1, 2, 3, 6]);
  expect([...(await files.read('a', 1, 3))!]).toEqual([2, 3]);
  expect((await files.names()).toSorted()).toEqual(['a', 'b']);
  // One slot per file: a replaced version takes no space.
  expect(directory.contents.size).toBe(2);
  await files.remove('b');
  await files.remove('b');
  expect(await files.names()).toEqual(['a']);
});

test('an incomplete file is never read: the previous version stays', async () => {
  const { directory, files } = open();
  await files.write('a', [Uint8Array.of(1)]);
  // A tab that is closed during a write leaves the counter at 0, because it is written last.
  directory.contents.set('a.b', Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 2));
  directory.contents.set('c.a', Uint8Array.of(0, 0, 0));
  expect([...(await files.read('a'))!]).toEqual([1]);
  expect(await files.names()).toEqual(['a']);
  await files.write('a', [Uint8Array.of(3)]);
  expect([...(await files.read('a'))!]).toEqual([3]);
});

test('a tab closed before it removes the old version leaves the new one', async () => {
  const { directory, files } = open();
  await files.write('a', [Uint8Array.of(1)]);
  const old = directory.contents.get('a.a')!;
  await files.write('a', [Uint8Array.of(2)]);
  directory.contents.set('a.a', old);
  expect([...(await files.read('a'))!]).toEqual([2]);
});

test('full storage is an error that keeps the previous version', async () => {
  const { directory, files } = open();
  await files.write('a', [Uint8Array.of(1)]);
  directory.room = 20;
  await expect(files.write('a', [new Uint8Array(30)])).rejects.toMatchObject({ name: 'QuotaExceededError' });
  expect([...(await files.read('a'))!]).toEqual([1]);
  expect(directory.contents.size).toBe(1);
});
