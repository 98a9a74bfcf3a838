/** Counts the occurrences of each of `alphabet` symbols. */
export function countSymbols(symbols: Uint8Array, alphabet: number): Uint32Array {
  const counts = new Uint32Array(alphabet);
  for (let index = 0; index < symbols.length; index++) counts[symbols[index]]++;
  return counts;
}

/**
 * −Σ p log₂ p over the shares of the symbols, in bits per symbol (Shannon 1948, section 6): the least average length of codes
 * for one symbol at a time. 0 without symbols.
 */
export function shannonEntropy(counts: Uint32Array): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  let bits = 0;
  for (const count of counts) if (count > 0) bits -= (count / total) * Math.log2(count / total);
  return bits;
}
