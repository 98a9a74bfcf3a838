/** The median: the middle value, or the mean of the two in the middle. */
export function median(values) {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Measures contenders alternately (A B A B), so that a drift of the machine's speed affects all alike. The first
 * round is a warm-up and does not count.
 * @template T
 * @param {readonly T[]} contenders
 * @param {number} rounds
 * @param {(contender: T) => Promise<number>} measure
 * @returns {Promise<number[]>} medians in the order of the contenders
 */
export async function inTurn(contenders, rounds, measure) {
  const samples = contenders.map(() => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [index, contender] of contenders.entries()) {
      const value = await measure(contender);
      if (round > 0) samples[index].push(value);
    }
  }
  return samples.map(median);
}
