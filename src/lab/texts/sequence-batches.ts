import type { ModelConfig, TokenBatch } from '../../model/model';
import type { TextTokenizer } from '../../tokenizer/text-tokenizer';

/** Tokenizer and model configuration for encoding a text. */
export interface Encoding {
  readonly tokenizer: TextTokenizer;
  readonly config: ModelConfig;
}

/** Special tokens before and after a sequence: [CLS] and [SEP], or none. */
export interface SpecialTokens {
  readonly first: readonly number[];
  readonly last: readonly number[];
}

export function specialTokensOf({ tokenizer, config }: Encoding): SpecialTokens {
  const around = config.task === 'causal-lm' ? [] : tokenizer.encode('');
  return around.length === 2 ? { first: [around[0]], last: [around[1]] } : { first: [], last: [] };
}

/** Number of text tokens in a sequence of this length. */
export function innerLength(length: number, { first, last }: SpecialTokens): number {
  return length - first.length - last.length;
}

/** Windows of a text that begin at `starts`, each `length` tokens long with its special tokens. */
export function windowBatch(
  text: Int32Array,
  starts: readonly number[],
  length: number,
  around: SpecialTokens,
): TokenBatch {
  const inner = innerLength(length, around);
  const ids = new Int32Array(starts.length * length);
  starts.forEach((start, row) => {
    ids.set(around.first, row * length);
    ids.set(text.subarray(start, start + inner), row * length + around.first.length);
    ids.set(around.last, row * length + around.first.length + inner);
  });
  return { ids, batch: starts.length, length };
}

/** Batch of whole sentences, padded to the longest. */
export function sentenceBatch(sentences: readonly (readonly number[])[]): TokenBatch {
  const longest = Math.max(...sentences.map(({ length }) => length));
  const ids = new Int32Array(sentences.length * longest);
  sentences.forEach((sentence, row) => ids.set(sentence, row * longest));
  return {
    ids,
    batch: sentences.length,
    length: longest,
    lengths: sentences.map(({ length }) => length),
  };
}

export function inBatches<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

/** Fisher–Yates shuffle. */
export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const result = [...items];
  for (let index = result.length - 1; index > 0; index--) {
    const other = Math.floor(random() * (index + 1));
    [result[index], result[other]] = [result[other], result[index]];
  }
  return result;
}
