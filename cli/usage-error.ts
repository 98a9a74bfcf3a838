/** Mistake in the command line, in one sentence. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
