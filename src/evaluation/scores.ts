import type { ScoredRows } from './evaluation';
import { type Estimate, exponentialOf, meanWithError } from './statistics';

/** Concatenates scores of several batches: [batch][model] → [model]. */
export function joinScores(batches: readonly (readonly ScoredRows[])[]): ScoredRows[] {
  return batches[0].map((_, model) => ({
    losses: batches.flatMap((scores) => scores[model].losses),
    kl: batches.flatMap((scores) => scores[model].kl),
    sameTop: batches.flatMap((scores) => scores[model].sameTop),
  }));
}

/** exp of the mean negative log likelihood over all scored tokens. */
export function perplexityOf({ losses }: ScoredRows): Estimate {
  return exponentialOf(meanWithError(losses));
}
