/** Files that outlive the lab. */
export interface StateFiles {
  names(): Promise<readonly string[]>;
  /** Bytes from `start` to `end` (default: its end) of a file; undefined where there is none. */
  read(name: string, start?: number, end?: number): Promise<Uint8Array | undefined>;
  /**
   * Puts pieces together as a file, in the place of the one that was there; one that was written in part is never read.
   * @throws what the storage throws where it has no room; the file that was there stays then
   */
  write(name: string, pieces: readonly Uint8Array[]): Promise<void>;
  /** Bytes that all files together may take; absent, or undefined: as many as there is room for. */
  budget?(): Promise<number | undefined>;
  /** Also where there is none. */
  remove(name: string): Promise<void>;
}
