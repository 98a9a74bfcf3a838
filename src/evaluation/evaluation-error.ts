/** Explains in one sentence why a text or a set of examples cannot be evaluated and what would work. */
export class EvaluationError extends Error {
  override readonly name = 'EvaluationError';
}
