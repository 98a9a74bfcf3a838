/** Failure of an export: one sentence with the reason and what would work. */
export class ExportError extends Error {
  override readonly name = 'ExportError';
}
