import type { TokenizerFiles } from '../checkpoint/tokenizer-files';
import type { Recipe } from '../compression/recipe/recipe-description';
import type { Model } from '../model/model';

/** A variant as an export gets it. */
export interface ExportSource {
  readonly model: Model;
  readonly recipe: Recipe;
  readonly tokenizerFiles: TokenizerFiles;
}

/** A file of the exported folder, laid out before any of its bytes is read from the GPU. */
export interface ExportFile {
  /** Within the folder. */
  readonly path: string;
  readonly byteLength: number;
  /** Bytes of the file piece by piece; a piece is valid until the next one is asked for. */
  chunks(): AsyncGenerator<Uint8Array>;
}

/** A way to write a variant as a folder of files. */
export interface ExportFormat {
  /** Names the export on the command line and its folder. */
  readonly id: string;
  readonly title: string;
  /** One sentence: what the files hold, and what reads them. */
  readonly summary: string;
  /** True, or one sentence on why the variant does not fit and what would work. */
  canHold(source: ExportSource): true | string;
  /** Files of the folder in the order in which they are written. */
  plan(source: ExportSource): readonly ExportFile[];
}
