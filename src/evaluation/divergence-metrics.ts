import { type Estimate, meanWithError, quantile, shareWithError } from './statistics';

/** How far a variant's predictions are from the base's; llama.cpp's names. */
export interface DivergenceMetrics {
  /** Mean of KL(base ‖ variant) in nats. */
  readonly meanKl: Estimate;
  /** Its 99 % quantile. */
  readonly kl99: number;
  /** Share of predictions in which both rank the same token first. */
  readonly sameTop: Estimate;
}

export function divergenceMetrics(kl: readonly number[], sameTop: readonly number[]): DivergenceMetrics {
  const hits = sameTop.reduce((sum, value) => sum + value, 0);
  return {
    meanKl: meanWithError(kl),
    kl99: quantile(kl, 0.99),
    sameTop: shareWithError(hits, sameTop.length),
  };
}
