import type { TextTokenizer } from '../tokenizer/text-tokenizer';
import type { Evaluation, EvaluationOptions, EvaluationRequest, EvaluationText } from './evaluation';
import { requireText } from './evaluation-text';
import { perplexity } from './perplexity';

export interface PerplexityRequest extends EvaluationRequest {
  readonly kind: 'perplexity';
  /** Tokens a window, and from one window's begin to the next's. */
  readonly window: number;
  readonly stride: number;
  readonly maxWindows?: number;
}

export const perplexityEvaluation: Evaluation<PerplexityRequest> = {
  kind: 'perplexity',
  task: 'causal-lm',
  async measure({ base, variants, tokenizer }, { data, window, stride, maxWindows }, options) {
    requireText(data);
    const ids = await encodeText(tokenizer, data, options);
    const label = `Perplexity on ${data.name}`;
    const results = await perplexity(base, variants, ids, {
      window,
      stride,
      maxWindows,
      baseLogits: options.baseLogits,
      signal: options.signal,
      onProgress: (done, total) => options.onProgress?.({ label, done, total, unit: 'windows' }),
    });
    return results.map(({ perplexity: value, predictions, windows, divergence }) => ({
      perplexity: value,
      ...divergence,
      count: predictions,
      protocol: `${data.name}, ${windows} window${windows === 1 ? '' : 's'} of ${window} tokens, stride ${stride}`,
    }));
  },
};

function encodeText(
  tokenizer: TextTokenizer,
  { name, content }: EvaluationText,
  { signal, onProgress }: EvaluationOptions,
): Promise<number[]> {
  const total = content.length;
  return tokenizer.encodeLong(content, {
    signal,
    onProgress: (share) => {
      const done = Math.round(share * total);
      onProgress?.({ label: `Tokenizing ${name}`, done, total, unit: 'characters' });
    },
  });
}
