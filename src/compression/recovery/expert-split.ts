import { RecipeError } from '../method';

export interface ExpertSizes {
  readonly experts: number;
  /** Neurons of one expert. */
  readonly size: number;
  /** Number of neurons that every expert has a copy of. */
  readonly shared: number;
}

/**
 * Initial neurons of each expert (Zuo et al. 2022, "MoEBERT", importance-guided adaptation): the most important are
 * in every expert, the following ones are dealt out one by one, so that experts are alike; the least important are in
 * none.
 *
 * @param importance of each neuron
 * @returns positions in `importance`, expert after expert, ascending within each
 * @throws RecipeError where the layer has fewer neurons
 */
export function dealtNeurons(importance: Float64Array, { experts, size, shared }: ExpertSizes): number[] {
  const needed = shared + experts * (size - shared);
  if (needed > importance.length) {
    throw new RecipeError(
      `${experts} experts of ${size} neurons, ${shared} of them shared, need ${needed} neurons, but the layer has ${importance.length}; use fewer or smaller experts, or share more.`,
    );
  }
  const ranked = [...importance.keys()].sort(
    (left, right) => importance[right] - importance[left] || left - right,
  );
  const common = ranked.slice(0, shared);
  return Array.from({ length: experts }, (_, expert) => {
    const unshared = Array.from(
      { length: size - shared },
      (_, turn) => ranked[shared + turn * experts + expert],
    );
    return [...common, ...unshared].sort((left, right) => left - right);
  }).flat();
}

/**
 * Assigns each token of a vocabulary to an expert with balanced load: roughly from the most frequent token on, each
 * goes to the expert with the least load so far (Roller et al. 2021, "Hash Layers", balanced assignment). The order
 * is partly random, so that each layer has its own assignment.
 *
 * @param counts occurrences of each token
 * @param random uniform in [0, 1)
 */
export function balancedExperts(
  counts: ArrayLike<number>,
  experts: number,
  random: () => number,
): Int32Array {
  // A token that does not occur counts as one occurrence, so that these are distributed evenly as well.
  const weights = Array.from(counts, (count) => count + 1);
  const keys = weights.map((weight) => weight * random());
  const order = [...keys.keys()].sort((left, right) => keys[right] - keys[left] || left - right);
  const loads = new Float64Array(experts);
  const chosen = new Int32Array(counts.length);
  for (const token of order) {
    const least = loads.indexOf(Math.min(...loads));
    chosen[token] = least;
    loads[least] += weights[token];
  }
  return chosen;
}
