/** Names of the files of a Hugging Face folder that describe its tokenizer. */
export const TOKENIZER_FILE_NAMES = {
  tokenizerJson: 'tokenizer.json',
  tokenizerConfig: 'tokenizer_config.json',
  specialTokensMap: 'special_tokens_map.json',
  vocabJson: 'vocab.json',
  mergesTxt: 'merges.txt',
  vocabTxt: 'vocab.txt',
} as const;

/** Text of the tokenizer files that are present. */
export type TokenizerFiles = { readonly [File in keyof typeof TOKENIZER_FILE_NAMES]?: string };
