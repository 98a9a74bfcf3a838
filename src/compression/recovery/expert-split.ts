import { RecipeError } from '../method';

export interface ExpertSizes {
  readonly experts: number;
  /** Neurons of one expert. */
  readonly size: number;
  /** Those of them that every expert has a copy of. */
  readonly shared: number;
}

/**
 * Which neurons each expert begins with (Zuo et al. 2022, "MoEBERT", importance-guided adaptation): the most important are in every expert, those that follow
 * are dealt out one by one, so that experts are alike; the least important are in none.
 *
 * @param importance of each neuron
 * @returns positions in `importance`, expert after expert, ascending within each
 * @throws RecipeError where there are not as many neurons
 */
export function dealtNeurons(importance: Float64Array, { experts, size, shared }: ExpertSizes): number[] {
  const needed = shared + experts * (size - shared);
  if (needed > importance.length) {
    throw new RecipeError(
      `${experts} experts of ${size} neurons, ${shared} of them shared, take ${needed} neurons, and the layer has ${importance.length}; use fewer or smaller experts, or share more.`,
    );
  }
  const ranked = [...importance.keys()].sort(
    (left, right) => importance[right] - importance[left] || left - right,
  );
  const common = ranked.slice(0, shared);
  return Array.from({ length: experts }, (_, expert) => {
    const own = Array.from({ length: size - shared }, (_, turn) => ranked[shared + turn * experts + expert]);
    return [...common, ...own].sort((left, right) => left - right);
  }).flat();
}

/**
 * An expert for each token of a vocabulary, so that experts have about as much to do: tokens are taken roughly from the most frequent
 * on, and each goes to the expert that has the least so far (Roller et al. 2021, "Hash Layers", balanced assignment). By how
 * much the order is left to chance, so that each layer has its own.
 *
 * @param counts of each token, how often it was seen
 * @param random uniform in [0, 1)
 */
export function balancedExperts(
  counts: ArrayLike<number>,
  experts: number,
  random: () => number,
): Int32Array {
  // A token that was not seen counts as one that was seen once: those, too, are spread evenly.
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
