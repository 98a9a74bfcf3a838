import type { TokenizerFiles } from '../checkpoint/tokenizer-files';
import type { Recipe } from '../compression/recipe/recipe-schema';
import type { Model } from '../model/model';

/** A variant to export. */
export interface ExportSource {
  readonly model: Model;
  readonly recipe: Recipe;
  readonly tokenizerFiles: TokenizerFiles;
}

/** A file of the exported folder, laid out before any of its bytes is read from the GPU. */
export interface ExportFile {
  /** Path within the folder. */
  readonly path: string;
  readonly byteLength: number;
  /** Bytes of the file in pieces; a piece is valid until the next one is requested. */
  chunks(): AsyncGenerator<Uint8Array>;
}

/** A way to write a variant as a folder of files. */
export interface ExportFormat {
  /** Id of the export on the command line and suffix of its folder. */
  readonly id: string;
  readonly title: string;
  /** One sentence: the content of the files, and the programs that read them. */
  readonly summary: string;
  /** True, or one sentence on why the variant does not fit and what would work. */
  canHold(source: ExportSource): true | string;
  /** Files of the folder in the order in which they are written. */
  plan(source: ExportSource): readonly ExportFile[];
}
