import { ByteReader } from './byte-reader';
import { CodingError } from './coding-error';
import { crc32 } from './crc32';
import { bestFrequencies, codedBits, frequencyBytes } from './frequencies';
import { decodeHuffman, encodeHuffman, huffmanByteLength } from './huffman';
import type { Pause } from './pause';
import { decodeRans, encodeRans } from './rans';
import { countSymbols, shannonEntropy } from './symbol-counts';
import { joinSymbols, layoutsFor, splitSymbols, streamLengths, type SymbolLayout } from './symbol-layout';

/** `rans`: range asymmetric numeral systems; `huffman`: a whole number of bits per symbol. */
export type Coder = 'rans' | 'huffman';

export interface CodingOptions {
  readonly coder: Coder;
  /** Bits per coded element; 32 unless a word holds several elements. */
  readonly elementBits: number;
  readonly pause: Pause;
}

/** Kinds of streams. */
const STORED = 0;
const CODES: Readonly<Record<Coder, number>> = { rans: 1, huffman: 2 };

/** Length and checksum of the uncoded bytes, bits per symbol, number of planes. */
const HEAD_BYTES = 10;
/** Kind and length of a stream. */
const STREAM_HEAD_BYTES = 5;
/** The coded bytes are padded to whole words, so that what follows them in a file is aligned. */
const ALIGNMENT = 4;

/**
 * Lossless entropy coding of bytes by the frequencies of their symbols; docs/formats.md describes the format. The layout with
 * the shortest result is chosen; a stream that coding would lengthen is stored as it is.
 */
export async function encodeBytes(
  bytes: Uint8Array,
  { coder, elementBits, pause }: CodingOptions,
): Promise<Uint8Array> {
  const layout = shortestLayout(bytes, elementBits, coder);
  const streams: { readonly kind: number; readonly payload: Uint8Array }[] = [];
  for (const symbols of splitSymbols(bytes, layout))
    streams.push(await encodeStream(symbols, layout, coder, pause));
  const length = streams.reduce((sum, { payload }) => sum + STREAM_HEAD_BYTES + payload.length, HEAD_BYTES);
  const coded = new Uint8Array(Math.ceil(length / ALIGNMENT) * ALIGNMENT);
  const view = new DataView(coded.buffer);
  view.setUint32(0, bytes.length, true);
  view.setUint32(4, crc32(bytes), true);
  coded[8] = layout.bits;
  coded[9] = layout.planes;
  let offset = HEAD_BYTES;
  for (const { kind, payload } of streams) {
    coded[offset] = kind;
    view.setUint32(offset + 1, payload.length, true);
    coded.set(payload, offset + STREAM_HEAD_BYTES);
    offset += STREAM_HEAD_BYTES + payload.length;
  }
  return coded;
}

/**
 * Decodes bytes.
 * @param byteLength expected number of decoded bytes
 * @throws CodingError if the coded bytes are damaged, or their length differs
 */
export async function decodeBytes(coded: Uint8Array, byteLength: number, pause: Pause): Promise<Uint8Array> {
  const reader = new ByteReader(coded);
  const length = reader.word();
  if (length !== byteLength)
    throw new CodingError(`${length} bytes were coded where ${byteLength} were expected`);
  const checksum = reader.word();
  const layout = checkedLayout(reader.byte(), reader.byte());
  const streams: Uint8Array[] = [];
  for (const count of streamLengths(byteLength, layout)) {
    const kind = reader.byte();
    streams.push(await decodeStream(kind, reader.take(reader.word()), count, layout, pause));
  }
  const padding = reader.rest();
  if (padding.length >= ALIGNMENT || padding.some((byte) => byte !== 0))
    throw new CodingError('there are further bytes after the coded ones');
  const bytes = joinSymbols(streams, byteLength, layout);
  if (crc32(bytes) !== checksum) throw new CodingError('the decoded bytes have a wrong checksum');
  return bytes;
}

/** Lower bound in bits for codes of one symbol at a time, in the layout that `encodeBytes` chooses for rANS. */
export function entropyBits(bytes: Uint8Array, elementBits: number): number {
  const layout = shortestLayout(bytes, elementBits, 'rans');
  return splitSymbols(bytes, layout).reduce(
    (sum, symbols) => sum + symbols.length * shannonEntropy(countSymbols(symbols, 2 ** layout.bits)),
    0,
  );
}

function shortestLayout(bytes: Uint8Array, elementBits: number, coder: Coder): SymbolLayout {
  const candidates = layoutsFor(elementBits).map((layout) => ({
    layout,
    length: splitSymbols(bytes, layout)
      .map((symbols) => estimatedLength(symbols, layout, coder))
      .reduce((sum, length) => sum + length, 0),
  }));
  return candidates.reduce((best, next) => (next.length < best.length ? next : best)).layout;
}

function estimatedLength(symbols: Uint8Array, { bits }: SymbolLayout, coder: Coder): number {
  if (symbols.length === 0) return 0;
  const plain = (symbols.length * bits) / 8;
  const counts = countSymbols(symbols, 2 ** bits);
  if (coder === 'huffman') return Math.min(plain, huffmanByteLength(counts));
  const frequencies = bestFrequencies(counts);
  return Math.min(plain, codedBits(counts, frequencies) / 8 + frequencyBytes(frequencies).length);
}

async function encodeStream(symbols: Uint8Array, layout: SymbolLayout, coder: Coder, pause: Pause) {
  const plain = joinSymbols([symbols], storedLength(symbols.length, layout), { ...layout, planes: 1 });
  if (symbols.length === 0) return { kind: STORED, payload: plain };
  const encode = coder === 'rans' ? encodeRans : encodeHuffman;
  const payload = await encode(symbols, countSymbols(symbols, 2 ** layout.bits), pause);
  return payload.length < plain.length ? { kind: CODES[coder], payload } : { kind: STORED, payload: plain };
}

async function decodeStream(
  kind: number,
  payload: Uint8Array,
  count: number,
  layout: SymbolLayout,
  pause: Pause,
): Promise<Uint8Array> {
  if (kind === STORED) {
    if (payload.length !== storedLength(count, layout))
      throw new CodingError(`a stream of ${count} symbols is stored in ${payload.length} bytes`);
    return splitSymbols(payload, { ...layout, planes: 1 })[0].subarray(0, count);
  }
  if (count === 0) throw new CodingError('an empty stream is coded');
  if (kind === CODES.rans) return decodeRans(payload, count, 2 ** layout.bits, pause);
  if (kind === CODES.huffman) return decodeHuffman(payload, count, 2 ** layout.bits, pause);
  throw new CodingError(`the stream kind ${kind} is not supported`);
}

/** Bytes of uncoded symbols. */
function storedLength(count: number, { bits }: SymbolLayout): number {
  return Math.ceil((count * bits) / 8);
}

function checkedLayout(bits: number, planes: number): SymbolLayout {
  const known = [2, 3, 4, 8, 16, 32].flatMap(layoutsFor);
  const layout = known.find((candidate) => candidate.bits === bits && candidate.planes === planes);
  if (!layout) throw new CodingError(`symbols of ${bits} bits in ${planes} streams are not supported`);
  return layout;
}
