import type { TensorEntry } from './named-tensor';
import type { TokenizerFiles } from './tokenizer-files';

/** A checkpoint whose files have been found and whose headers have been read; its tensors are read when asked for. */
export interface Checkpoint {
  /** Name of its folder, or of the weights file where the files came loose. */
  readonly name: string;
  /** As in the config.json of transformers, whatever the files call it. */
  readonly config: Record<string, unknown>;
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  /** Further entries of the weight files. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly tokenizerFiles: TokenizerFiles;
  /** Bytes of the weight files. */
  readonly totalBytes: number;
  /** Paths of files that were given and not used. */
  readonly ignored: readonly string[];
}
