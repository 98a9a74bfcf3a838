import type { SamplingDistribution } from '../../engines/webgpu/kernels/sampling/sample-row';

/**
 * Draws a token from `probabilities` by inverse transform sampling in order of ids.
 * @param logits [vocabulary]
 * @param draw uniform in [0, 1)
 */
export function sample(logits: Float32Array, distribution: SamplingDistribution, draw: number): number {
  let left = draw;
  let last = 0;
  for (const [id, probability] of probabilities(logits, distribution).entries()) {
    if (probability === 0) continue;
    last = id;
    left -= probability;
    if (left < 0) break;
  }
  return last;
}

/**
 * softmax(logits / temperature) in float64, cut to the `topK` most likely tokens and then to the nucleus of `topP`; among
 * equal logits the lowest ids stay.
 * @param logits [vocabulary]
 * @returns [vocabulary], 0 for excluded tokens
 */
export function probabilities(
  logits: Float32Array,
  { temperature, topK = Infinity, topP = 1 }: SamplingDistribution,
): Float64Array {
  const mostLikelyFirst = Uint32Array.from(logits, (_, id) => id).sort(
    (a, b) => logits[b] - logits[a] || a - b,
  );
  const greatest = logits[mostLikelyFirst[0]];
  const candidates = mostLikelyFirst.subarray(0, Math.max(1, topK));
  const weights = Float64Array.from(candidates, (id) => Math.exp((logits[id] - greatest) / temperature));
  const nucleus = topP < 1 ? nucleusSize(weights, topP) : weights.length;
  const total = sum(weights.subarray(0, nucleus));
  const result = new Float64Array(logits.length);
  for (let rank = 0; rank < nucleus; rank++) result[candidates[rank]] = weights[rank] / total;
  return result;
}

/** Number of first weights, in descending order, that reach the share `topP` of their sum; at least one. */
function nucleusSize(weights: Float64Array, topP: number): number {
  const goal = topP * sum(weights);
  let running = 0;
  for (let rank = 0; rank < weights.length; rank++) {
    running += weights[rank];
    if (running >= goal) return rank + 1;
  }
  return weights.length;
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Small seeded generator (xorshift32; Marsaglia 2003, "Xorshift RNGs"): uniform numbers in [0, 1). */
export function seeded(seed: number): () => number {
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 4294967296;
  };
}
