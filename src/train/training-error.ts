/** Reason why training cannot start or continue: one sentence that names the problem and what would work. */
export class TrainingError extends Error {
  override readonly name = 'TrainingError';
}
