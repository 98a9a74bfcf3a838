import { TOKENIZER_FILE_NAMES, type TokenizerFiles } from '../checkpoint/tokenizer-files';
import type { ExportFile } from './export-format';

/** A text file in UTF-8. */
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

/** A JSON file, indented for readability. */
export function jsonFile(path: string, value: unknown): ExportFile {
  return textFile(path, JSON.stringify(value, undefined, 2));
}

/** The configuration for a model whose float tensors are written in float32, with additional changed entries. */
export function configFile(
  config: Readonly<Record<string, unknown>>,
  changed: Readonly<Record<string, unknown>> = {},
): ExportFile {
  // Newer configs say `dtype`, older ones `torch_dtype`; the export writes one of them.
  const others = Object.entries(config).filter(([key]) => key !== 'torch_dtype' && key !== 'dtype');
  return jsonFile('config.json', { ...Object.fromEntries(others), dtype: 'float32', ...changed });
}

/** The tokenizer's files, unchanged. */
export function tokenizerTextFiles(files: TokenizerFiles): ExportFile[] {
  return Object.entries(TOKENIZER_FILE_NAMES).flatMap(([key, name]) => {
    const text = files[key as keyof TokenizerFiles];
    return text === undefined ? [] : [textFile(name, text)];
  });
}
