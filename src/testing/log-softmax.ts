/** Log probabilities of one row of logits [rows, vocabulary], in float64. */
export function logSoftmaxOfRow(logits: Float32Array, row: number, vocabulary: number): number[] {
  const slice = Array.from(logits.subarray(row * vocabulary, (row + 1) * vocabulary));
  const greatest = slice.reduce((a, b) => Math.max(a, b));
  const total = Math.log(slice.reduce((sum, value) => sum + Math.exp(value - greatest), 0)) + greatest;
  return slice.map((value) => value - total);
}
