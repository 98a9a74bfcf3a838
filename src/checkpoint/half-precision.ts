/** float32 numbers from 65,536 on overflow half precision however they are rounded. */
const BITS_OF_OVERFLOW = 0x47800000;
/** Smallest normal number of half precision, 2^-14. */
const BITS_OF_SMALLEST_NORMAL = 0x38800000;
const BITS_OF_INFINITY = 0x7f800000;

/**
 * Converts values to IEEE 754 half precision, rounded to nearest, ties to even, as PyTorch does. Values beyond ±65,504 (from
 * ±65,520 on) become infinite.
 * @returns little-endian bytes, two per value
 */
export function toFloat16Bytes(values: Float32Array): Uint8Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  for (let index = 0; index < values.length; index++) halves[index] = halfBits(bits[index], values[index]);
  return new Uint8Array(halves.buffer);
}

/** @param bits float32 bits of `value` */
function halfBits(bits: number, value: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude >= BITS_OF_OVERFLOW) return sign | (magnitude > BITS_OF_INFINITY ? 0x7e00 : 0x7c00);
  if (magnitude < BITS_OF_SMALLEST_NORMAL) return sign | roundHalfToEven(Math.abs(value) * 2 ** 24);
  // Half a unit in the last place minus one, plus one if that place is odd: ties carry only up to an even neighbour.
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  // float32 has an exponent bias of 127, half precision of 15.
  return sign | ((rounded - ((127 - 15) << 23)) >>> 13);
}

function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}
