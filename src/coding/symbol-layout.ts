/**
 * Division of bytes into symbols: bit fields, the first in the lowest bits, as one stream; or, for 8 bits, every n-th byte as a
 * stream, since the bytes of a word differ in distribution (exponent and mantissa of a float).
 */
export interface SymbolLayout {
  readonly bits: 2 | 3 | 4 | 8;
  /** Number of streams; 1 unless symbols have 8 bits. */
  readonly planes: 1 | 2 | 4;
}

export const WHOLE_BYTES: SymbolLayout = { bits: 8, planes: 1 };

/** Fields of b bits come in groups of 8, in b bytes. */
const FIELDS_IN_A_GROUP = 8;

/** Candidate layouts. @param elementBits bits per element if a word holds several; otherwise 32 */
export function layoutsFor(elementBits: number): readonly SymbolLayout[] {
  if (elementBits === 2 || elementBits === 3 || elementBits === 4)
    return [{ bits: elementBits, planes: 1 }, WHOLE_BYTES];
  if (elementBits === 16) return [{ bits: 8, planes: 2 }, WHOLE_BYTES];
  return elementBits === 32 ? [{ bits: 8, planes: 4 }, WHOLE_BYTES] : [WHOLE_BYTES];
}

/** Number of symbols in each stream. */
export function streamLengths(byteLength: number, { bits, planes }: SymbolLayout): number[] {
  if (bits < 8) return [Math.ceil((8 * byteLength) / bits)];
  return Array.from({ length: planes }, (_, plane) => Math.ceil((byteLength - plane) / planes));
}

/** Streams of symbols; a single plane of bytes is not copied. */
export function splitSymbols(bytes: Uint8Array, layout: SymbolLayout): Uint8Array[] {
  const { bits, planes } = layout;
  if (bits < 8) return [fieldsOf(bytes, bits)];
  if (planes === 1) return [bytes];
  return streamLengths(bytes.length, layout).map((length, plane) => {
    const stream = new Uint8Array(length);
    for (let index = 0; index < length; index++) stream[index] = bytes[index * planes + plane];
    return stream;
  });
}

/** Reverse of `splitSymbols`. */
export function joinSymbols(
  streams: readonly Uint8Array[],
  byteLength: number,
  { bits, planes }: SymbolLayout,
): Uint8Array {
  if (bits < 8) return bytesOf(streams[0], bits, byteLength);
  if (planes === 1) return streams[0];
  const bytes = new Uint8Array(byteLength);
  streams.forEach((stream, plane) => {
    for (let index = 0; index < stream.length; index++) bytes[index * planes + plane] = stream[index];
  });
  return bytes;
}

function fieldsOf(bytes: Uint8Array, bits: number): Uint8Array {
  const fields = new Uint8Array(Math.ceil((8 * bytes.length) / bits));
  const mask = 2 ** bits - 1;
  let field = 0;
  for (let start = 0; start < bytes.length; start += bits) {
    let group = 0;
    for (let byte = bits - 1; byte >= 0; byte--) group = (group << 8) | bytes[start + byte];
    for (let index = 0; index < FIELDS_IN_A_GROUP; index++)
      fields[field++] = (group >>> (index * bits)) & mask;
  }
  return fields;
}

function bytesOf(fields: Uint8Array, bits: number, byteLength: number): Uint8Array {
  const bytes = new Uint8Array(byteLength);
  let field = 0;
  for (let start = 0; start < byteLength; start += bits) {
    let group = 0;
    for (let index = 0; index < FIELDS_IN_A_GROUP; index++) group |= fields[field++] << (index * bits);
    for (let byte = 0; byte < bits; byte++) bytes[start + byte] = group >>> (8 * byte);
  }
  return bytes;
}
