import type { ByteReader } from './byte-reader';
import { CodingError } from './coding-error';

const LONGEST_RUN = 256;

/**
 * Encodes a number for each symbol, most of them small: seven bits per byte, lowest first, the eighth bit set if more follow; a
 * zero is followed by a byte with the number of further zeros.
 */
export function tableBytes(table: ArrayLike<number>): number[] {
  const bytes: number[] = [];
  for (let symbol = 0; symbol < table.length;) {
    if (table[symbol] === 0) {
      let run = 1;
      while (run < LONGEST_RUN && table[symbol + run] === 0) run++;
      bytes.push(0, run - 1);
      symbol += run;
      continue;
    }
    let rest = table[symbol++];
    for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
    bytes.push(rest);
  }
  return bytes;
}

/** Reverse of `tableBytes` for `length` symbols. @throws CodingError if the bytes are not a valid table */
export function readTable(reader: ByteReader, length: number): Uint32Array {
  const table = new Uint32Array(length);
  for (let symbol = 0; symbol < length;) {
    const value = readNumber(reader);
    if (value > 0) table[symbol++] = value;
    else symbol += 1 + reader.byte();
    if (symbol > length) throw new CodingError('the table of symbols is damaged');
  }
  return table;
}

/** Reads at most three bytes: no table holds more than 2^21. */
function readNumber(reader: ByteReader): number {
  let value = 0;
  for (let shift = 0; shift < 21; shift += 7) {
    const byte = reader.byte();
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  throw new CodingError('the table of symbols is damaged');
}
