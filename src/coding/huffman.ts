import { ByteReader } from './byte-reader';
import { CodingError } from './coding-error';
import { type Pause, SYMBOLS_BETWEEN_PAUSES } from './pause';
import { readTable, tableBytes } from './table-bytes';

/*
 * Huffman's code (1952) in its canonical form (Schwartz and Kallick 1964): the lengths of the code words define it. It spends a
 * whole number of bits, at least one, on each symbol; the numeral systems of rans.ts do not.
 */

/** Greatest code length in bits, looked up at once by the decoder. */
const LONGEST_CODE = 14;

/** Bytes of the table of code lengths and of the code words, for symbols with these counts. */
export function huffmanByteLength(counts: Uint32Array): number {
  const lengths = codeLengths(counts);
  const bits = counts.reduce((sum, count, symbol) => sum + count * lengths[symbol], 0);
  return tableBytes(lengths).length + Math.ceil(bits / 8);
}

/** Encodes symbols: the lengths of the code words, then the code words, the first in the lowest bits of the first byte. */
export async function encodeHuffman(
  symbols: Uint8Array,
  counts: Uint32Array,
  pause: Pause,
): Promise<Uint8Array> {
  const lengths = codeLengths(counts);
  const codes = reversedCodes(lengths);
  const head = tableBytes(lengths);
  const bytes = new Uint8Array(huffmanByteLength(counts));
  bytes.set(head);
  let position = head.length;
  let [buffer, filled] = [0, 0];
  for (let index = 0; index < symbols.length;) {
    const end = Math.min(symbols.length, index + SYMBOLS_BETWEEN_PAUSES);
    for (; index < end; index++) {
      buffer |= codes[symbols[index]] << filled;
      filled += lengths[symbols[index]];
      for (; filled >= 8; filled -= 8) {
        bytes[position++] = buffer;
        buffer >>>= 8;
      }
    }
    await pause();
  }
  if (filled > 0) bytes[position] = buffer;
  return bytes;
}

/**
 * @param count number of coded symbols, at least one
 * @param alphabet number of different symbols
 * @throws CodingError if the bytes are not valid output of `encodeHuffman`
 */
export async function decodeHuffman(
  bytes: Uint8Array,
  count: number,
  alphabet: number,
  pause: Pause,
): Promise<Uint8Array> {
  const reader = new ByteReader(bytes);
  const lengths = readTable(reader, alphabet);
  const entries = lookupTable(lengths);
  const stream = reader.rest();
  const symbols = new Uint8Array(count);
  const mask = entries.length - 1;
  let [buffer, filled, position, used] = [0, 0, 0, 0];
  for (let index = 0; index < count;) {
    const end = Math.min(count, index + SYMBOLS_BETWEEN_PAUSES);
    for (; index < end; index++) {
      // Beyond the end of the stream this reads zeros, which the check after the loop detects.
      for (; filled < LONGEST_CODE; filled += 8) buffer |= stream[position++] << filled;
      const entry = entries[buffer & mask];
      symbols[index] = entry >>> 4;
      const length = entry & 15;
      buffer >>>= length;
      filled -= length;
      used += length;
    }
    if (used > 8 * stream.length) throw new CodingError('the coded bytes end too early');
    await pause();
  }
  if (Math.ceil(used / 8) !== stream.length)
    throw new CodingError('the coded bytes do not end with their last symbol');
  return symbols;
}

interface Tree {
  readonly count: number;
  readonly symbols: readonly number[];
}

/** Length of each symbol's code word in bits, at most 14; 0 if it does not occur. */
function codeLengths(counts: Uint32Array): Uint8Array {
  let lengths = unlimitedLengths(counts);
  // As in bzip2: more similar counts give a shallower tree.
  for (let halved = counts; lengths.some((length) => length > LONGEST_CODE);) {
    halved = halved.map((count) => (count > 0 ? (count >>> 1) + 1 : 0));
    lengths = unlimitedLengths(halved);
  }
  return lengths;
}

/** Joins the two rarest trees until one is left; each time a symbol's tree is joined, its code word grows by a bit. */
function unlimitedLengths(counts: Uint32Array): Uint8Array {
  const lengths = new Uint8Array(counts.length);
  let trees: Tree[] = [...counts]
    .map((count, symbol) => ({ count, symbols: [symbol] }))
    .filter(({ count }) => count > 0);
  // A lone symbol needs a code word of one bit.
  if (trees.length === 1) lengths[trees[0].symbols[0]] = 1;
  while (trees.length > 1) {
    trees = trees.sort((left, right) => right.count - left.count);
    const [first, second] = [trees.pop()!, trees.pop()!];
    const symbols = [...first.symbols, ...second.symbols];
    for (const symbol of symbols) lengths[symbol]++;
    trees.push({ count: first.count + second.count, symbols });
  }
  return lengths;
}

/** Canonical code words, ascending by length and then by symbol, with the first bit lowest. */
function reversedCodes(lengths: ArrayLike<number>): Uint16Array {
  const codes = new Uint16Array(lengths.length);
  let next = 0;
  for (let length = 1; length <= LONGEST_CODE; length++) {
    for (let symbol = 0; symbol < lengths.length; symbol++)
      if (lengths[symbol] === length) codes[symbol] = reversedBits(next++, length);
    next <<= 1;
  }
  return codes;
}

function reversedBits(value: number, length: number): number {
  let reversed = 0;
  for (let bit = 0; bit < length; bit++) reversed |= ((value >>> bit) & 1) << (length - 1 - bit);
  return reversed;
}

/** For each value of the next 14 bits, symbol · 16 + length of its code word. */
function lookupTable(lengths: Uint32Array): Uint16Array {
  const places = 2 ** LONGEST_CODE;
  const filled = lengths.reduce((sum, length) => sum + (length > 0 ? places * 2 ** -length : 0), 0);
  const isAlone = lengths.reduce((sum, length) => sum + Math.sign(length), 0) === 1;
  const isLong = lengths.some((length) => length > LONGEST_CODE);
  if (isLong || filled !== (isAlone ? places / 2 : places))
    throw new CodingError('the lengths of the code words are inconsistent');
  const codes = reversedCodes(lengths);
  const entries = new Uint16Array(places);
  lengths.forEach((length, symbol) => {
    if (length === 0) return;
    for (let place = codes[symbol]; place < places; place += 2 ** length)
      entries[place] = (symbol << 4) | length;
  });
  return entries;
}
