import { accuracyEvaluation } from './accuracy/accuracy';
import type { Evaluation } from './evaluation';
import { EvaluationError } from './evaluation-error';
import { perplexityEvaluation } from './perplexity/perplexity';
import { pseudoPerplexityEvaluation } from './pseudo-perplexity/pseudo-perplexity';

/** Every measurement of text that the lab knows; the charts begin with the main figure of the first that was taken. */
export const EVALUATIONS: readonly Evaluation[] = [
  perplexityEvaluation,
  accuracyEvaluation,
  pseudoPerplexityEvaluation,
];

/** @throws EvaluationError that lists the evaluations there are */
export function evaluationOf(id: string, evaluations = EVALUATIONS): Evaluation {
  const found = evaluations.find((evaluation) => evaluation.id === id);
  if (found) return found;
  const known = evaluations.map((evaluation) => evaluation.id).join(', ');
  throw new EvaluationError(`There is no evaluation "${id}"; there are ${known}.`);
}
