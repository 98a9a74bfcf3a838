/** Why a text or a set of examples cannot be evaluated, in one sentence that says what would work. */
export class EvaluationError extends Error {
  override readonly name = 'EvaluationError';
}
