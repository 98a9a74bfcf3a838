/** An export that could not be written, and what would work, in one sentence. */
export class ExportError extends Error {
  override readonly name = 'ExportError';
}
