import { TOKENIZER_FILE_NAMES, type TokenizerFiles } from '../checkpoint/tokenizer-files';
import type { ExportFile } from './export-format';

/** A file of text, in UTF-8. */
export function textFile(path: string, text: string): ExportFile {
  const bytes = new TextEncoder().encode(text);
  return {
    path,
    byteLength: bytes.length,
    async *chunks() {
      yield bytes;
    },
  };
}

/** A JSON file, indented for people. */
export function jsonFile(path: string, value: unknown): ExportFile {
  return textFile(path, JSON.stringify(value, undefined, 2));
}

/** The configuration of a model whose float tensors are written in float32, with further entries that changed. */
export function configFile(
  config: Readonly<Record<string, unknown>>,
  changed: Readonly<Record<string, unknown>> = {},
): ExportFile {
  // Newer configs say `dtype`, older ones `torch_dtype`; the export says one of them.
  const others = Object.entries(config).filter(([key]) => key !== 'torch_dtype' && key !== 'dtype');
  return jsonFile('config.json', { ...Object.fromEntries(others), dtype: 'float32', ...changed });
}

/** Files of the tokenizer, as they were given. */
export function tokenizerTextFiles(files: TokenizerFiles): ExportFile[] {
  return Object.entries(TOKENIZER_FILE_NAMES).flatMap(([key, name]) => {
    const text = files[key as keyof TokenizerFiles];
    return text === undefined ? [] : [textFile(name, text)];
  });
}
