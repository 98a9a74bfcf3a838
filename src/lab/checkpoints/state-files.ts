/** Persistent files. */
export interface StateFiles {
  names(): Promise<readonly string[]>;
  /** Reads bytes from `start` to `end` (default: the end) of a file; undefined if there is no such file. */
  read(name: string, start?: number, end?: number): Promise<Uint8Array | undefined>;
  /**
   * Writes the concatenated pieces as a file, replacing an earlier one; an incomplete file is never read.
   * @throws storage errors when it is full; the earlier file stays
   */
  write(name: string, pieces: readonly Uint8Array[]): Promise<void>;
  /** Bytes that all files may take together; absent or undefined: limited only by the storage. */
  budget?(): Promise<number | undefined>;
  /** Removes a file if it exists. */
  remove(name: string): Promise<void>;
}
