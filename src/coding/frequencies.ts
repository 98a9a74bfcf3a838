import type { ByteReader } from './byte-reader';
import { CodingError } from './coding-error';
import { readTable, tableBytes } from './table-bytes';

/** Symbol frequencies as whole numbers that add up to 2^precision. */
export interface Frequencies {
  readonly precision: number;
  /** Frequency of each symbol of the alphabet; 0 if it does not occur. */
  readonly of: Uint32Array;
}

/** Candidate precisions: finer frequencies code symbols in fewer bits but take more themselves. */
const PRECISIONS = [10, 11, 12, 13, 14] as const;
export const GREATEST_PRECISION = 14;

/** Frequencies with the fewest bits for these symbols and the table itself. @param counts at least one not 0 */
export function bestFrequencies(counts: Uint32Array): Frequencies {
  let best: Frequencies | undefined;
  let fewest = Infinity;
  for (const precision of PRECISIONS) {
    const candidate = { precision, of: roundedShares(counts, precision) };
    const bits = codedBits(counts, candidate) + 8 * tableBytes(candidate.of).length;
    if (bits >= fewest) continue;
    [best, fewest] = [candidate, bits];
  }
  return best!;
}

/** Bits that an ideal coder needs for the symbols with these frequencies. */
export function codedBits(counts: Uint32Array, { precision, of }: Frequencies): number {
  return counts.reduce(
    (bits, count, symbol) => bits + (count > 0 ? count * (precision - Math.log2(of[symbol])) : 0),
    0,
  );
}

/**
 * Whole numbers that add up to 2^precision, not 0 for symbols that occur: rounds each share, then adds or subtracts ones where
 * the length of the code gains most or loses least.
 */
function roundedShares(counts: Uint32Array, precision: number): Uint32Array {
  const scale = 2 ** precision / counts.reduce((sum, count) => sum + count, 0);
  const shares = counts.map((count) => (count > 0 ? Math.max(1, Math.round(count * scale)) : 0));
  let missing = 2 ** precision - shares.reduce((sum, share) => sum + share, 0);
  for (; missing !== 0; missing -= Math.sign(missing)) {
    const step = Math.sign(missing);
    let [chosen, greatest] = [-1, -Infinity];
    shares.forEach((share, symbol) => {
      if (share === 0 || share + step === 0) return;
      const gain = counts[symbol] * Math.log2((share + step) / share);
      if (gain > greatest) [chosen, greatest] = [symbol, gain];
    });
    shares[chosen] += step;
  }
  return shares;
}

export function frequencyBytes({ precision, of }: Frequencies): number[] {
  return [precision, ...tableBytes(of)];
}

/** @throws CodingError if the bytes are not valid frequencies of `alphabet` symbols */
export function readFrequencies(reader: ByteReader, alphabet: number): Frequencies {
  const precision = reader.byte();
  if (precision > GREATEST_PRECISION)
    throw new CodingError(`a precision of ${precision} bits is not supported`);
  const of = readTable(reader, alphabet);
  if (of.reduce((sum, share) => sum + share, 0) !== 2 ** precision)
    throw new CodingError('the frequencies of the symbols do not add up');
  return { precision, of };
}
