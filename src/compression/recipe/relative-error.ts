/**
 * ‖W − Ŵ‖F / ‖W‖F in float64; 0 for two zero matrices.
 * @param original W, any order
 * @param approximation Ŵ in the same order
 */
export function relativeFrobeniusError(original: Float32Array, approximation: Float32Array): number {
  let difference = 0;
  let norm = 0;
  for (let index = 0; index < original.length; index++) {
    const delta = original[index] - approximation[index];
    difference += delta * delta;
    norm += original[index] * original[index];
  }
  if (norm === 0) return difference === 0 ? 0 : Infinity;
  return Math.sqrt(difference / norm);
}
