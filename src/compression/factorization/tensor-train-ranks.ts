/**
 * Ranks between the cores of a tensor train whose k-th core has `modes[k]` pairs of indices: row times column for a
 * matrix (Oseledets 2011, "Tensor-Train Decomposition", section 2).
 */

/** Greatest possible rank of any unfolding: the smaller side of its matrix. */
export function greatestRank(modes: readonly number[]): number {
  return Math.max(1, ...cutRanks(modes, Infinity));
}

/** Greatest bound on the ranks for which all cores together hold at most a share of the tensor; 0 if there is none. */
export function rankKeeping(parametersKept: number, modes: readonly number[]): number {
  const affordable = parametersKept * productOf(modes);
  let [least, most] = [0, greatestRank(modes)];
  while (least < most) {
    const middle = Math.ceil((least + most) / 2);
    if (parametersOf(modes, middle) <= affordable) least = middle;
    else most = middle - 1;
  }
  return least;
}

/** Share of the tensor that cores of rank 1 hold. */
export function leastShare(modes: readonly number[]): number {
  return parametersOf(modes, 1) / productOf(modes);
}

/** Number of values of all cores with ranks up to a bound. */
function parametersOf(modes: readonly number[], maxRank: number): number {
  const ranks = [1, ...cutRanks(modes, maxRank), 1];
  return modes.reduce((total, mode, index) => total + ranks[index] * mode * ranks[index + 1], 0);
}

/** Ranks after TT-SVD of a tensor of full rank: no rank exceeds the rows or columns of its unfolding. */
function cutRanks(modes: readonly number[], maxRank: number): number[] {
  const ranks: number[] = [];
  let leftRank = 1;
  let right = productOf(modes);
  for (const mode of modes.slice(0, -1)) {
    right /= mode;
    leftRank = Math.min(maxRank, leftRank * mode, right);
    ranks.push(leftRank);
  }
  return ranks;
}

function productOf(values: readonly number[]): number {
  return values.reduce((product, value) => product * value, 1);
}
