/** Coded bytes that cannot be decoded, and why. */
export class CodingError extends Error {
  override readonly name = 'CodingError';
}
