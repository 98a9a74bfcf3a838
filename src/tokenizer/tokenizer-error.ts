/** Problem with a tokenizer: one sentence that names the file and says what would work. */
export class TokenizerError extends Error {
  override readonly name = 'TokenizerError';
}
