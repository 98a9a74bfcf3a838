import type { JsonObject, TokenizerJson } from './tokenizer-json';

/**
 * A place where a word ends: white space follows something else. Only the white space that no normalizer drops:
 * BERT's drops U+000B, U+000C and U+0085 as control characters and so joins what they separate.
 */
const END_OF_WORD = /\P{White_Space}(?=[ \t\r\n])/gu;
const PRINTABLE_ASCII = /^[\x21-\x7e]+$/;

/**
 * Whether a text cut at the ends of words has the same ids, piece after piece, as the text in one piece.
 *
 * It has where no stage looks across such a place: GPT-2's pattern never matches white space after something else
 * and looks behind nowhere; BERT's normalizer changes characters one by one (composition stops at white space) and its
 * pre-tokenizer drops the white space; an added token neither contains nor strips any. Other stages are not claimed.
 */
export function canBeCutAtEndsOfWords(json: TokenizerJson, settings: JsonObject): boolean {
  const { normalizer, pre_tokenizer: preTokenizer, model, added_tokens: addedTokens } = json;
  const splitsAtWhiteSpace =
    preTokenizer?.type === 'BertPreTokenizer' ||
    (preTokenizer?.type === 'ByteLevel' &&
      preTokenizer.use_regex !== false &&
      preTokenizer.add_prefix_space !== true);
  return (
    splitsAtWhiteSpace &&
    (normalizer === null || normalizer.type === 'BertNormalizer') &&
    model.fuse_unk !== true &&
    settings.remove_space !== true &&
    settings.do_lowercase_and_remove_accent !== true &&
    addedTokens.every(({ content, lstrip, rstrip }) => PRINTABLE_ASCII.test(content) && !lstrip && !rstrip)
  );
}

/** Cuts a text at the first end of a word after every `size` UTF-16 units. */
export function* cutAtEndsOfWords(text: string, size: number): Generator<string> {
  let start = 0;
  while (start < text.length) {
    END_OF_WORD.lastIndex = start + size;
    const match = start + size < text.length ? END_OF_WORD.exec(text) : null;
    const end = match === null ? text.length : match.index + match[0].length;
    yield text.slice(start, end);
    start = end;
  }
}
