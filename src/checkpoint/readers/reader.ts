import type { Checkpoint } from '../checkpoint';
import type { NamedBlob } from '../named-tensor';

/** A kind of checkpoint that can be opened. */
export interface CheckpointReader {
  readonly id: string;
  /** With its article and its files, as a sentence takes it: "a GGUF file (model.gguf)". */
  readonly title: string;
  /** Whether the files look like such a checkpoint, complete or not; may look at first bytes (`fileKind`). */
  canRead(files: readonly NamedBlob[]): boolean | Promise<boolean>;
  /**
   * Finds the files and reads their headers.
   * @throws CheckpointError that names everything that is missing, or says why what is there cannot be read
   */
  open(files: readonly NamedBlob[]): Promise<Checkpoint>;
}
