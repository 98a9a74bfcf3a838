/**
 * Draws from the standard normal distribution by pairs of uniform numbers (Box and Muller 1958, equation 1), in
 * float64.
 * @param random uniform in [0, 1)
 */
export function normalValues(
  count: number,
  standardDeviation: number,
  random: () => number,
): Float32Array<ArrayBuffer> {
  const values = new Float32Array(count);
  for (let index = 0; index < count; index += 2) {
    const radius = standardDeviation * Math.sqrt(-2 * Math.log(1 - random()));
    const angle = 2 * Math.PI * random();
    values[index] = radius * Math.cos(angle);
    if (index + 1 < count) values[index + 1] = radius * Math.sin(angle);
  }
  return values;
}
