import type { JsonObject, TokenizerJson } from './tokenizer-json';

/**
 * End of a word: white space after another character. Includes only white space that no normalizer drops: BERT's drops U+000B,
 * U+000C and U+0085 as control characters and so joins the words around them.
 */
const END_OF_WORD = /\P{White_Space}(?=[ \t\r\n])/gu;
const PRINTABLE_ASCII = /^[\x21-\x7e]+$/;

/**
 * Whether encoding a text piece by piece, cut at the ends of words, gives the same ids as encoding it whole.
 *
 * It does if no stage looks across a cut: GPT-2's pattern never matches white space after another character and has no
 * lookbehind; BERT's normalizer changes single characters (composition stops at white space) and its pre-tokenizer drops
 * white space; added tokens neither contain nor strip any. Other stages are not assumed safe.
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
