import { accuracyEvaluation } from './accuracy/accuracy';
import type { Evaluation } from './evaluation';
import { EvaluationError } from './evaluation-error';
import { perplexityEvaluation } from './perplexity/perplexity';
import { pseudoPerplexityEvaluation } from './pseudo-perplexity/pseudo-perplexity';

/** Registry of evaluations; charts start with the main figure of the first one that was measured. */
export const EVALUATIONS: readonly Evaluation[] = [
  perplexityEvaluation,
  accuracyEvaluation,
  pseudoPerplexityEvaluation,
];

/** @throws EvaluationError that lists the available evaluations */
export function evaluationOf(id: string, evaluations = EVALUATIONS): Evaluation {
  const found = evaluations.find((evaluation) => evaluation.id === id);
  if (found) return found;
  const known = evaluations.map((evaluation) => evaluation.id).join(', ');
  throw new EvaluationError(`There is no evaluation "${id}"; there are ${known}.`);
}
