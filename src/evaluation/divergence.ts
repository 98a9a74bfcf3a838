import type { Figure, FigureValues, ScoredRows } from './evaluation';
import { meanWithError, quantile, shareWithError } from './statistics';

export const MEAN_KL = {
  id: 'meanKl',
  title: 'Mean KL',
  hint: 'Mean divergence of the predictions from the base, in nats.',
  format: 'number',
  better: 'lower',
  interval: true,
} as const satisfies Figure;

/**
 * Divergence of a variant's predictions from the base's, shared by all evaluations that compare them; names as in llama.cpp.
 */
export const DIVERGENCE_FIGURES = [
  MEAN_KL,
  {
    id: 'kl99',
    title: 'KL 99 %',
    hint: 'Divergence that 1 % of the predictions exceed.',
    format: 'number',
    better: 'lower',
    interval: false,
    isDetail: true,
  },
  {
    id: 'sameTop',
    title: 'Same top',
    hint: 'Share of predictions with the same most likely token as the base.',
    format: 'percent',
    better: 'higher',
    interval: true,
  },
] as const satisfies readonly Figure[];

/** @returns nothing for the base, which is not compared */
export function divergenceValues({
  kl,
  sameTop,
}: Pick<ScoredRows, 'kl' | 'sameTop'>): FigureValues<(typeof DIVERGENCE_FIGURES)[number]> {
  if (kl.length === 0) return {};
  const hits = sameTop.reduce((sum, value) => sum + value, 0);
  return {
    meanKl: meanWithError(kl),
    kl99: quantile(kl, 0.99),
    sameTop: shareWithError(hits, sameTop.length),
  };
}
