/** A file of the exported folder, given in pieces so that none is whole in memory. */
export interface ExportSink {
  open(path: string, byteLength: number): Promise<void>;
  write(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
  /** Instead of `close`, where the file stays incomplete: takes it away. */
  abort?(): Promise<void>;
}
