import type { Checkpoint } from '../checkpoint';
import type { NamedBlob } from '../named-tensor';

/** Reader of one kind of checkpoint. */
export interface CheckpointReader {
  readonly id: string;
  /** Noun with its article and files, for a sentence: "a GGUF file (model.gguf)". */
  readonly title: string;
  /** Whether the files look like such a checkpoint, complete or not; may read first bytes (`fileKind`). */
  canRead(files: readonly NamedBlob[]): boolean | Promise<boolean>;
  /**
   * Finds the files and reads their headers.
   * @throws CheckpointError that names everything that is missing, or says why a file cannot be read
   */
  open(files: readonly NamedBlob[]): Promise<Checkpoint>;
}
