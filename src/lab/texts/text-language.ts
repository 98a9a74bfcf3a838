import type { TextTokenizer } from '../../tokenizer/text-tokenizer';

/**
 * Share of [UNK] above which a text is in no language that the vocabulary was made for. With 8,000 pieces of English film reviews
 * WikiText-2 has 2.8 % (its foreign names), Polish 13 %, Russian 78 %.
 */
const MOST_UNKNOWN = 0.05;
/**
 * For vocabularies that fall back to bytes, and know everything. With 4,096 pieces of English fairy tales these take 0.26 tokens a
 * character, English reviews 0.33, WikiText-2 0.39; French and German 0.48, Polish 0.73, Russian 1.8, Japanese 3.0. Greater
 * vocabularies take less of their own language.
 */
const MOST_TOKENS_A_CHARACTER = 0.45;
/** A smaller vocabulary spells its own language, too. */
const LEAST_VOCABULARY = 1000;

/**
 * Whether a text seems to be in another language than the tokenizer's: a sentence for the user with the share of unknown
 * tokens, or with the tokens a character where that is far more than a text of its language takes. Undefined where it does not.
 */
export function languageWarning(
  name: string,
  ids: ArrayLike<number>,
  characters: number,
  { specialTokens: { unk, eos }, vocabularySize }: TextTokenizer,
): string | undefined {
  // GPT-2 calls its end of text unknown, too, and has no use for it as such.
  const unknown = unk === undefined || unk === eos ? 0 : countOf(unk, ids) / Math.max(1, ids.length);
  if (unknown > MOST_UNKNOWN) {
    return `${(100 * unknown).toFixed(1)} % of the tokens of ${name} are unknown to this model's tokenizer; it may be in another language.`;
  }
  const tokens = ids.length / Math.max(1, characters);
  if (tokens <= MOST_TOKENS_A_CHARACTER || vocabularySize < LEAST_VOCABULARY) return undefined;
  return `${name} takes ${tokens.toFixed(2)} tokens a character, where text that this model's tokenizer was made for takes 0.2 to 0.4; it may be in another language.`;
}

function countOf(wanted: number, ids: ArrayLike<number>): number {
  let count = 0;
  for (let index = 0; index < ids.length; index++) if (ids[index] === wanted) count++;
  return count;
}
