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
 * GPT-2's pattern with Unicode white space: JavaScript's `\s` includes the byte order mark U+FEFF but not U+0085, the
 * reference's `\s` the other way round.
 */
const GPT2_PATTERN =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;

/** Ideographs beyond U+FFFF, as BERT's code lists them. */
const ASTRAL_IDEOGRAPHS =
  /[\u{20000}-\u{2A6DF}\u{2A700}-\u{2B73F}\u{2B740}-\u{2B81F}\u{2B920}-\u{2CEAF}\u{2F800}-\u{2FA1F}]/gu;

/** The library's BERT normalizer, corrected in two points that differ from the reference. */
class ReferenceBertNormalizer extends BertNormalizer {
  override normalize(text: string): string {
    // The library tests UTF-16 units, so it never matches these ideographs.
    if (this.config.handle_chinese_chars) text = text.replace(ASTRAL_IDEOGRAPHS, ' $& ');
    // The reference lower-cases characters one by one, so that a word-final sigma is not special.
    if (this.config.lowercase) text = text.replaceAll('Σ', 'σ');
    return super.normalize(text);
  }
}

/** Makes the library's tokenizer give the ids of Hugging Face's Rust tokenizer where the two are known to differ. */
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
