import type { Model } from '../model/model';
import type { BaseLogits } from './base-logits';
import { scoreBatch, type ScoredRows } from './compare-logits';
import { type DivergenceMetrics, divergenceMetrics } from './divergence-metrics';
import { EvaluationError } from './evaluation-error';
import { type Estimate, exponentialOf, meanWithError } from './statistics';
import { slidingWindows, type TokenWindow } from './windows';

export interface PerplexityOptions {
  /** Tokens a window. */
  readonly window: number;
  /** Tokens from one window's begin to the next's. */
  readonly stride: number;
  readonly maxWindows?: number;
  /** Where the base's logits are kept from one evaluation to the next. */
  readonly baseLogits?: BaseLogits;
  readonly signal?: AbortSignal;
  onProgress?(windowsDone: number, windows: number): void;
}

export interface PerplexityResult {
  /** exp of the mean negative log likelihood over all scored tokens. */
  readonly perplexity: Estimate;
  readonly predictions: number;
  readonly windows: number;
  /** Against the base; absent for the base. */
  readonly divergence?: DivergenceMetrics;
}

/**
 * Perplexity of a causal model and of its variants on one text, each window through all of them before the next.
 *
 * @param ids the whole text in one piece
 * @returns the base's result, then the variants' in order
 * @throws EvaluationError where the windows do not fit the model or the text; the signal's reason when cancelled
 */
export async function perplexity(
  base: Model,
  variants: readonly Model[],
  ids: readonly number[],
  { window, stride, maxWindows, baseLogits, signal, onProgress }: PerplexityOptions,
): Promise<PerplexityResult[]> {
  if (base.config.task !== 'causal-lm') {
    throw new EvaluationError(
      'Perplexity is for causal language models; a masked one has a pseudo-perplexity.',
    );
  }
  const { contextLength } = base.config;
  if (!Number.isInteger(window) || window > contextLength || window < 2) {
    throw new EvaluationError(
      `A window of ${window} tokens does not fit this model; use 2 to ${contextLength}.`,
    );
  }
  const windows = slidingWindows(ids.length, { window, stride, maxWindows });
  const sums: ScoredRows[] = [base, ...variants].map(() => ({ losses: [], kl: [], sameTop: [] }));
  for (const [index, each] of windows.entries()) {
    signal?.throwIfAborted();
    onProgress?.(index, windows.length);
    const length = each.end - each.begin;
    const batch = { ids: Int32Array.from(ids.slice(each.begin, each.end)), batch: 1, length };
    const results = await scoreBatch(base, variants, batch, targetsOf(ids, each), baseLogits);
    results.forEach((result, model) => {
      sums[model].losses.push(...result.losses);
      sums[model].kl.push(...result.kl);
      sums[model].sameTop.push(...result.sameTop);
    });
  }
  onProgress?.(windows.length, windows.length);
  return sums.map(({ losses, kl, sameTop }, model) => ({
    perplexity: exponentialOf(meanWithError(losses)),
    predictions: losses.length,
    windows: windows.length,
    divergence: model === 0 ? undefined : divergenceMetrics(kl, sameTop),
  }));
}

/** Row t predicts the id after it; only the window's last `targetCount` ids are scored. */
function targetsOf(ids: readonly number[], { begin, end, targetCount }: TokenWindow): Int32Array {
  const targets = new Int32Array(end - begin).fill(-1);
  for (let position = end - targetCount; position < end; position++)
    targets[position - 1 - begin] = ids[position];
  return targets;
}
