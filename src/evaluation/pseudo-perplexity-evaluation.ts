import type { TextTokenizer } from '../tokenizer/text-tokenizer';
import type { Evaluation, EvaluationRequest } from './evaluation';
import { EvaluationError } from './evaluation-error';
import { requireText, sentencesOf } from './evaluation-text';
import { pseudoPerplexity } from './pseudo-perplexity';

export interface PseudoPerplexityRequest extends EvaluationRequest {
  readonly kind: 'pseudo-perplexity';
  /** Tokens a sequence, without [CLS] and [SEP]. */
  readonly window: number;
  readonly maxTokens?: number;
}

export const pseudoPerplexityEvaluation: Evaluation<PseudoPerplexityRequest> = {
  kind: 'pseudo-perplexity',
  task: 'masked-lm',
  async measure({ base, variants, tokenizer }, { data, window, maxTokens }, { signal, onProgress }) {
    requireText(data);
    const { cls, sep, mask } = tokenizer.specialTokens;
    if (cls === undefined || sep === undefined || mask === undefined) {
      throw new EvaluationError(
        'This tokenizer has no [CLS], [SEP] and [MASK]; a pseudo-perplexity needs them.',
      );
    }
    const sequences = encodeUpTo(maxTokens, tokenizer, sentencesOf(data));
    const label = `Pseudo-perplexity on ${data.name}`;
    const results = await pseudoPerplexity(base, variants, sequences, {
      window,
      maxTokens,
      specialTokens: { cls, sep, mask },
      signal,
      onProgress: (done, total) => onProgress?.({ label, done, total, unit: 'tokens' }),
    });
    return results.map(({ pseudoPerplexity: value, predictions, divergence }) => ({
      pseudoPerplexity: value,
      ...divergence,
      count: predictions,
      protocol: `${data.name}, ${predictions} tokens masked one by one, a line a sequence, at most ${window} tokens`,
    }));
  },
};

/** Ids of as many sentences as hold the tokens that are scored: a whole book would keep the thread busy for nothing. */
function encodeUpTo(
  maxTokens = Infinity,
  tokenizer: TextTokenizer,
  sentences: readonly string[],
): number[][] {
  const sequences: number[][] = [];
  let tokens = 0;
  for (const sentence of sentences) {
    if (tokens >= maxTokens) break;
    const ids = tokenizer.encode(sentence, { addSpecialTokens: false });
    tokens += ids.length;
    sequences.push(ids);
  }
  return sequences;
}
