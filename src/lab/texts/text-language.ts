import type { TextTokenizer } from '../../tokenizer/text-tokenizer';

/**
 * Maximum share of [UNK] in a text of the vocabulary's language. With 8,000 pieces of English film reviews, WikiText-2 has
 * 2.8 % (its foreign names), Polish 13 %, Russian 78 %.
 */
const MAX_UNKNOWN_SHARE = 0.05;
/**
 * Maximum tokens per character, for byte-fallback vocabularies without unknown tokens. With 4,096 pieces of English fairy
 * tales these take 0.26 tokens per character, English reviews 0.33, WikiText-2 0.39; French and German 0.48, Polish 0.73,
 * Russian 1.8, Japanese 3.0. Larger vocabularies take fewer in their own language.
 */
const MAX_TOKENS_PER_CHARACTER = 0.45;
/** Smaller vocabularies need many tokens for their own language, too. */
const MIN_VOCABULARY = 1000;

/**
 * Detects a text in another language than the tokenizer's. Returns a message with the share of unknown tokens, or with the
 * tokens per character if that is too high; undefined if the text fits.
 */
export function languageWarning(
  name: string,
  ids: ArrayLike<number>,
  characters: number,
  { specialTokens: { unk, eos }, vocabularySize }: TextTokenizer,
): string | undefined {
  // GPT-2 uses its end-of-text token as the unknown token, but never produces it.
  const unknown = unk === undefined || unk === eos ? 0 : countOf(unk, ids) / Math.max(1, ids.length);
  if (unknown > MAX_UNKNOWN_SHARE) {
    return `${(100 * unknown).toFixed(1)} % of the tokens of ${name} are unknown to this model's tokenizer; it may be in another language.`;
  }
  const tokens = ids.length / Math.max(1, characters);
  if (tokens <= MAX_TOKENS_PER_CHARACTER || vocabularySize < MIN_VOCABULARY) return undefined;
  return `${name} takes ${tokens.toFixed(2)} tokens per character, where text in the language of this model's tokenizer takes 0.2 to 0.4; it may be in another language.`;
}

function countOf(wanted: number, ids: ArrayLike<number>): number {
  let count = 0;
  for (let index = 0; index < ids.length; index++) if (ids[index] === wanted) count++;
  return count;
}
