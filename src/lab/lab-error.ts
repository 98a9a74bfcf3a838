/** What cannot be done now and what would work, in one sentence. */
export class LabError extends Error {
  override readonly name = 'LabError';
}
