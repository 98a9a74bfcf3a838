import type { Model } from '../../src/model/model';
import { type CoreShape, kroneckerCost, tensorTrainCost } from '../../src/weights/contraction-cost';
import { KroneckerWeight } from '../../src/weights/formats/kronecker-weight';
import type { LinearWeight } from '../../src/weights/linear-weight';

/**
 * Number of multiplications of one forward pass of a GPT-2 over `tokens` after `past` others in generation: all
 * linears, the causal products of attention, and the head for the last position only.
 */
export function multiplications(model: Model, tokens: number, past: number): number {
  const { width, layers, vocabularySize } = model.config;
  const linears = model.blockLinears.reduce(
    (sum, name) => sum + multiplicationsOfWeight(model.linears.get(name)!),
    0,
  );
  const keys = tokens * past + (tokens * (tokens + 1)) / 2;
  return tokens * linears + 2 * layers * width * keys + vocabularySize * width;
}

/** Multiplications of one token with a weight, in the cheaper order where there are two. */
export function multiplicationsOfWeight(weight: LinearWeight): number {
  if (weight instanceof KroneckerWeight) {
    return Math.min(...(['a', 'b'] as const).map((first) => kroneckerCost(weight, first).multiplications));
  }
  if (weight.format === 'tensor-train') {
    const cores = weight.attributes().cores as CoreShape[];
    return Math.min(
      ...(['first', 'last'] as const).map((end) => tensorTrainCost(cores, end).multiplications),
    );
  }
  if (weight.factors) {
    return weight.factors.reduce((sum, factor) => sum + multiplicationsOfWeight(factor.weight), 0);
  }
  return weight.parameters;
}
