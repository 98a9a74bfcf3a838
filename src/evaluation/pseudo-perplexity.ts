import { limitFreeBuffers } from '../engines/webgpu/memory';
import type { Model } from '../model/model';
import type { BaseLogits } from './base-logits';
import { scoreBatch, type ScoredRows } from './compare-logits';
import { type DivergenceMetrics, divergenceMetrics } from './divergence-metrics';
import { EvaluationError } from './evaluation-error';
import { type Estimate, exponentialOf, meanWithError } from './statistics';

export interface PseudoPerplexityOptions {
  /** Tokens of the text a sequence, without [CLS] and [SEP]. */
  readonly window: number;
  /** Tokens scored at most. */
  readonly maxTokens?: number;
  readonly specialTokens: { readonly cls: number; readonly sep: number; readonly mask: number };
  /** Where the base's logits are kept from one evaluation to the next. */
  readonly baseLogits?: BaseLogits;
  readonly signal?: AbortSignal;
  onProgress?(tokensDone: number, tokens: number): void;
}

export interface PseudoPerplexityResult {
  readonly pseudoPerplexity: Estimate;
  readonly predictions: number;
  readonly divergence?: DivergenceMetrics;
}

/** Copies of a sequence, each with another token masked, that go through the model together. */
const MASKS_A_BATCH = 16;

/**
 * Pseudo-perplexity of a masked language model (Salazar et al. 2020, "Masked Language Model Scoring", section 2.3): each token
 * masked in turn, exp of the mean negative log likelihood of the masked ones.
 *
 * @param sequences ids without special tokens; longer ones than the window are cut into several
 * @returns the base's result, then the variants' in order
 * @throws EvaluationError where the model is of another kind or there is no token
 */
export async function pseudoPerplexity(
  base: Model,
  variants: readonly Model[],
  sequences: readonly (readonly number[])[],
  { window, maxTokens = Infinity, specialTokens, baseLogits, signal, onProgress }: PseudoPerplexityOptions,
): Promise<PseudoPerplexityResult[]> {
  if (base.config.task !== 'masked-lm') {
    throw new EvaluationError(
      'Pseudo-perplexity is for masked language models; this model has another head.',
    );
  }
  if (!Number.isInteger(window) || window < 1 || window + 2 > base.config.contextLength) {
    throw new EvaluationError(
      `A window of ${window} tokens does not fit this model; use 1 to ${base.config.contextLength - 2}.`,
    );
  }
  const pieces = cut(sequences, window, maxTokens);
  const total = pieces.reduce((sum, { scored }) => sum + scored, 0);
  if (total === 0)
    throw new EvaluationError('The text holds no token; a pseudo-perplexity needs one at least.');
  const sums: ScoredRows[] = [base, ...variants].map(() => ({ losses: [], kl: [], sameTop: [] }));
  let done = 0;
  for (const { ids, scored } of pieces) {
    for (let first = 0; first < scored; first += MASKS_A_BATCH) {
      signal?.throwIfAborted();
      onProgress?.(done, total);
      const count = Math.min(MASKS_A_BATCH, scored - first);
      const { batch, targets } = maskedBatch(ids, first, count, specialTokens);
      const results = await scoreBatch(base, variants, batch, targets, baseLogits);
      results.forEach((result, model) => {
        sums[model].losses.push(...result.losses);
        sums[model].kl.push(...result.kl);
        sums[model].sameTop.push(...result.sameTop);
      });
      limitFreeBuffers();
      done += count;
    }
  }
  onProgress?.(total, total);
  return sums.map(({ losses, kl, sameTop }, model) => ({
    pseudoPerplexity: exponentialOf(meanWithError(losses)),
    predictions: losses.length,
    divergence: model === 0 ? undefined : divergenceMetrics(kl, sameTop),
  }));
}

function cut(
  sequences: readonly (readonly number[])[],
  window: number,
  maxTokens: number,
): { ids: readonly number[]; scored: number }[] {
  const pieces: { ids: readonly number[]; scored: number }[] = [];
  let left = maxTokens;
  for (const sequence of sequences) {
    for (let start = 0; start < sequence.length && left > 0; start += window) {
      const ids = sequence.slice(start, start + window);
      const scored = Math.min(ids.length, left);
      pieces.push({ ids, scored });
      left -= scored;
    }
  }
  return pieces;
}

function maskedBatch(
  ids: readonly number[],
  first: number,
  count: number,
  { cls, sep, mask }: PseudoPerplexityOptions['specialTokens'],
) {
  const length = ids.length + 2;
  const rows = new Int32Array(count * length);
  const targets = new Int32Array(count * length).fill(-1);
  for (let row = 0; row < count; row++) {
    rows.set([cls, ...ids, sep], row * length);
    const position = row * length + 1 + first + row;
    targets[position] = rows[position];
    rows[position] = mask;
  }
  return { batch: { ids: rows, batch: count, length }, targets };
}
