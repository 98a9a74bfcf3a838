/**
 * Ranks between the cores of a tensor train whose k-th core carries `modes[k]` pairs of indices: row times column for a matrix
 * (Oseledets 2011, "Tensor-Train Decomposition", section 2).
 */

/** The greatest rank that any cut can have: the smaller side of the matrix that it cuts. */
export function greatestRank(modes: readonly number[]): number {
  return Math.max(1, ...cutRanks(modes, Infinity));
}

/** The greatest bound on the ranks with which all cores together hold no more than a share of the tensor; 0: none does. */
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

/** The share of the tensor that cores of rank 1 hold. */
export function leastShare(modes: readonly number[]): number {
  return parametersOf(modes, 1) / productOf(modes);
}

/** Values of all cores where no rank is above a bound. */
function parametersOf(modes: readonly number[], maxRank: number): number {
  const ranks = [1, ...cutRanks(modes, maxRank), 1];
  return modes.reduce((total, mode, index) => total + ranks[index] * mode * ranks[index + 1], 0);
}

/** Ranks that TT-SVD leaves of a tensor of full rank: no cut has more than the rows and columns of what it cuts. */
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
