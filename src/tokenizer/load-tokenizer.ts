import { Tokenizer } from '@huggingface/tokenizers';
import type { TokenizerFiles } from '../checkpoint/tokenizer-files';
import { byteLevelBpe } from './byte-level-bpe';
import { applyReferenceRules } from './reference-rules';
import { canBeCutAtEndsOfWords } from './text-pieces';
import { TextTokenizer } from './text-tokenizer';
import { findSpecialTokens } from './special-tokens';
import { TokenizerError } from './tokenizer-error';
import { parseJsonObject, parseTokenizerJson, type JsonObject, type TokenizerJson } from './tokenizer-json';
import { wordPiece } from './word-piece';

/**
 * Loads a checkpoint's tokenizer from tokenizer.json if present, otherwise from vocab.json with merges.txt (GPT-2's byte-level
 * BPE), otherwise from vocab.txt (BERT's WordPiece).
 *
 * @throws TokenizerError in one sentence if a file is missing, damaged or of an unknown kind
 */
export function loadTokenizer(files: TokenizerFiles): TextTokenizer {
  const settings = readSettings(files);
  const json = tokenizerJsonOf(files, settings);
  let tokenizer: Tokenizer;
  try {
    // Transformers keeps spaces before punctuation unless the config says otherwise.
    tokenizer = new Tokenizer(json, { clean_up_tokenization_spaces: false, ...settings });
  } catch (error) {
    throw new TokenizerError(
      `The tokenizer cannot be used (${(error as Error).message}); save it again with save_pretrained of a fast tokenizer.`,
    );
  }
  applyReferenceRules(tokenizer);
  return new TextTokenizer(
    tokenizer,
    findSpecialTokens(settings, (token) => tokenizer.token_to_id(token)),
    canBeCutAtEndsOfWords(json, settings),
  );
}

/** Merges the special tokens map with the config, which is newer and overrides it. */
function readSettings({ specialTokensMap, tokenizerConfig }: TokenizerFiles): JsonObject {
  return {
    ...(specialTokensMap === undefined ? {} : parseJsonObject(specialTokensMap, 'special_tokens_map.json')),
    ...(tokenizerConfig === undefined ? {} : parseJsonObject(tokenizerConfig, 'tokenizer_config.json')),
  };
}

function tokenizerJsonOf(files: TokenizerFiles, settings: JsonObject): TokenizerJson {
  const { tokenizerJson, vocabJson, mergesTxt, vocabTxt } = files;
  if (tokenizerJson !== undefined) return parseTokenizerJson(tokenizerJson);
  if (vocabJson !== undefined && mergesTxt !== undefined) return byteLevelBpe(vocabJson, mergesTxt, settings);
  if (vocabTxt !== undefined) return wordPiece(vocabTxt, settings);
  throw new TokenizerError(
    'There is no tokenizer; add tokenizer.json, or vocab.json with merges.txt, or vocab.txt.',
  );
}
