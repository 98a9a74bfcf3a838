/** Reference computations by definition: in float64, element by element. */

type Numbers = ArrayLike<number>;

/** x · Wᵀ: x [tokens, inputs], W [outputs, inputs], both row-major. */
export function product(x: Numbers, weight: Numbers, inputs: number): Float64Array {
  const [tokens, outputs] = [x.length / inputs, weight.length / inputs];
  return Float64Array.from({ length: tokens * outputs }, (_, index) => {
    const [token, output] = [Math.floor(index / outputs), index % outputs];
    let sum = 0;
    for (let input = 0; input < inputs; input++)
      sum += x[token * inputs + input] * weight[output * inputs + input];
    return sum;
  });
}

/** Layer normalization (Ba et al. 2016, equation 4) of rows. */
export function layerNormOf(
  x: Numbers,
  scale: Numbers,
  shift: Numbers,
  { width, epsilon }: { readonly width: number; readonly epsilon: number },
): number[] {
  const normalized: number[] = [];
  for (let start = 0; start < x.length; start += width) {
    const row = Array.from({ length: width }, (_, column) => x[start + column]);
    const mean = row.reduce((sum, value) => sum + value, 0) / width;
    const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / width;
    row.forEach((value, column) =>
      normalized.push(((value - mean) / Math.sqrt(variance + epsilon)) * scale[column] + shift[column]),
    );
  }
  return normalized;
}

/** GELU's tanh approximation (Hendrycks and Gimpel 2016, section 2). */
export function geluNew(x: number): number {
  return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
}

/** GELU by its definition x · Φ(x), the normal distribution summed by its series (Abramowitz and Stegun 26.2.10). */
export function gelu(x: number): number {
  let [term, sum] = [x, x];
  for (let n = 1; Math.abs(term) > 1e-17; n++) {
    term *= -(x * x) / (2 * n);
    sum += term / (2 * n + 1);
  }
  return x * (0.5 + sum / Math.sqrt(2 * Math.PI));
}

/**
 * Causal attention of one head (Vaswani et al. 2017, equation 1).
 * @param queries [tokens, width], of the last tokens of the sequence
 * @param keys [length, width], like `values`
 */
export function causalAttention(queries: Numbers, keys: Numbers, values: Numbers, width: number): number[] {
  const [tokens, length] = [queries.length / width, keys.length / width];
  const result: number[] = [];
  for (let token = 0; token < tokens; token++) {
    const visible = length - tokens + token + 1;
    const scores = Array.from({ length: visible }, (_, key) => {
      let score = 0;
      for (let d = 0; d < width; d++) score += queries[token * width + d] * keys[key * width + d];
      return score / Math.sqrt(width);
    });
    const weights = softmax(scores);
    for (let d = 0; d < width; d++)
      result.push(weights.reduce((sum, weight, key) => sum + weight * values[key * width + d], 0));
  }
  return result;
}

export function softmax(scores: readonly number[]): number[] {
  const greatest = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - greatest));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}
