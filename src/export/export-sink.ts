/** A file of the exported folder, written in pieces so that it is never whole in memory. */
export interface ExportSink {
  open(path: string, byteLength: number): Promise<void>;
  write(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
  /** Called instead of `close` if the file stays incomplete; removes it. */
  abort?(): Promise<void>;
}
