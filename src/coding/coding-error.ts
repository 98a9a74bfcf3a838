/** Reason why coded bytes cannot be decoded. */
export class CodingError extends Error {
  override readonly name = 'CodingError';
}
