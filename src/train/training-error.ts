/** Why training cannot begin or go on: one sentence that names what is wrong and what would work. */
export class TrainingError extends Error {
  override readonly name = 'TrainingError';
}
