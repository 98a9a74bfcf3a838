import type { NamedFile } from '../../lab/protocol/protocol';

/** Returns all dropped files with their paths, including those in folders. */
export async function droppedFiles(transfer: DataTransfer): Promise<NamedFile[]> {
  // The items are gone after the first await, so their entries are read synchronously.
  const entries = [...transfer.items]
    .map((item) => item.webkitGetAsEntry())
    .filter((entry) => entry !== null);
  if (entries.length === 0) return pickedFiles(transfer.files);
  return (await Promise.all(entries.map((entry) => filesOf(entry, '')))).flat();
}

/** Returns the files of a picker; a folder picker provides their paths. */
export function pickedFiles(files: FileList | null): NamedFile[] {
  return [...(files ?? [])].map((file) => ({ path: file.webkitRelativePath || file.name, blob: file }));
}

async function filesOf(entry: FileSystemEntry, folder: string): Promise<NamedFile[]> {
  const path = folder ? `${folder}/${entry.name}` : entry.name;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    return [{ path, blob: file }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const children: FileSystemEntry[] = [];
  // A reader returns at most a hundred entries per call.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) break;
    children.push(...some);
  }
  return (await Promise.all(children.map((child) => filesOf(child, path)))).flat();
}
