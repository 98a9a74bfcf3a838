import type { TensorEntry } from './named-tensor';
import type { TokenizerFiles } from './tokenizer-files';

/** Checkpoint whose files have been found and whose headers have been read; its tensors are read on request. */
export interface Checkpoint {
  /** Name of the folder, or of the weights file for loose files. */
  readonly name: string;
  /** Configuration as in transformers' config.json, regardless of the files' format. */
  readonly config: Record<string, unknown>;
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  /** Further entries of the weight files. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly tokenizerFiles: TokenizerFiles;
  /** Bytes of the weight files. */
  readonly totalBytes: number;
  /** Paths of unused files. */
  readonly ignored: readonly string[];
}
