/** Value with its standard error. */
export interface Estimate {
  readonly value: number;
  readonly standardError: number;
}

/** Mean and its standard error, s/√n with the sample standard deviation. */
export function meanWithError(values: ArrayLike<number>): Estimate {
  const count = values.length;
  let sum = 0;
  for (let index = 0; index < count; index++) sum += values[index];
  const mean = sum / count;
  let squares = 0;
  for (let index = 0; index < count; index++) squares += (values[index] - mean) ** 2;
  const deviation = count > 1 ? Math.sqrt(squares / (count - 1)) : 0;
  return { value: mean, standardError: deviation / Math.sqrt(count) };
}

/** exp of a mean, with its error by the delta method: exp(m) · error(m), as in llama.cpp's perplexity. */
export function exponentialOf({ value, standardError }: Estimate): Estimate {
  return { value: Math.exp(value), standardError: Math.exp(value) * standardError };
}

/** q-quantile with linear interpolation between order statistics, NumPy's default. */
export function quantile(values: ArrayLike<number>, q: number): number {
  const sorted = Float64Array.from(values).sort();
  const position = q * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (position - below);
}

/** Share of ones with its binomial standard error. */
export function shareWithError(hits: number, count: number): Estimate {
  const share = hits / count;
  return { value: share, standardError: Math.sqrt((share * (1 - share)) / count) };
}
