import {
  BertNormalizer,
  ByteLevelPreTokenizer,
  SequenceNormalizer,
  SequencePreTokenizer,
  type Normalizer,
  type PreTokenizer,
  type Tokenizer,
} from '@huggingface/tokenizers';

/**
 * GPT-2's pattern with Unicode's white space: JavaScript's `\s` holds the byte order mark U+FEFF and not U+0085, the
 * reference's the other way round.
 */
const GPT2_PATTERN =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;

/** Ideographs beyond U+FFFF, as BERT's code lists them. */
const ASTRAL_IDEOGRAPHS =
  /[\u{20000}-\u{2A6DF}\u{2A700}-\u{2B73F}\u{2B740}-\u{2B81F}\u{2B920}-\u{2CEAF}\u{2F800}-\u{2FA1F}]/gu;

/** The library's BERT normalizer with two differences from the reference mended. */
class ReferenceBertNormalizer extends BertNormalizer {
  override normalize(text: string): string {
    // It looks at UTF-16 units, so it never sees these ideographs.
    if (this.config.handle_chinese_chars) text = text.replace(ASTRAL_IDEOGRAPHS, ' $& ');
    // The reference makes letters lower case one by one, so that a sigma at a word's end is like any other.
    if (this.config.lowercase) text = text.replaceAll('Σ', 'σ');
    return super.normalize(text);
  }
}

/** Makes the library's tokenizer give the ids of Hugging Face's own (Rust) one where the two are known to differ. */
export function applyReferenceRules(tokenizer: Tokenizer): void {
  tokenizer.normalizer = withReferenceRules(tokenizer.normalizer);
  setPattern(tokenizer.pre_tokenizer);
}

function withReferenceRules(normalizer: Normalizer | null): Normalizer | null {
  if (normalizer instanceof BertNormalizer) return new ReferenceBertNormalizer(normalizer.config);
  if (normalizer instanceof SequenceNormalizer) {
    normalizer.normalizers = normalizer.normalizers.map(withReferenceRules);
  }
  return normalizer;
}

function setPattern(preTokenizer: PreTokenizer | null): void {
  if (preTokenizer instanceof ByteLevelPreTokenizer) preTokenizer.pattern = GPT2_PATTERN;
  if (preTokenizer instanceof SequencePreTokenizer) preTokenizer.tokenizers.forEach(setPattern);
}
