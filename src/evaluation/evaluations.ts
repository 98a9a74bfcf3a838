import { accuracyEvaluation } from './accuracy-evaluation';
import type { Evaluation } from './evaluation';
import { EvaluationError } from './evaluation-error';
import { perplexityEvaluation } from './perplexity-evaluation';
import { pseudoPerplexityEvaluation } from './pseudo-perplexity-evaluation';

/** Every measurement of text that the lab knows. */
export const EVALUATIONS: readonly Evaluation[] = [
  perplexityEvaluation,
  pseudoPerplexityEvaluation,
  accuracyEvaluation,
];

/** @throws EvaluationError that lists the kinds there are */
export function evaluationOf(kind: string): Evaluation {
  const found = EVALUATIONS.find((evaluation) => evaluation.kind === kind);
  if (found) return found;
  const known = EVALUATIONS.map((evaluation) => evaluation.kind).join(', ');
  throw new EvaluationError(`There is no evaluation "${kind}"; there are ${known}.`);
}
