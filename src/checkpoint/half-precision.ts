/** Above this a float32 is beyond half precision whatever the rounding: 65,536. */
const BITS_OF_OVERFLOW = 0x47800000;
/** The smallest normal number of half precision, 2^-14. */
const BITS_OF_SMALLEST_NORMAL = 0x38800000;
const BITS_OF_INFINITY = 0x7f800000;

/**
 * Values as IEEE 754 half-precision numbers, rounded to nearest, ties to even, as PyTorch does.
 * Beyond ±65,504 (from ±65,520 on) they become infinite.
 * @returns little-endian bytes, two a value
 */
export function toFloat16Bytes(values: Float32Array): Uint8Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  for (let index = 0; index < values.length; index++) halves[index] = halfBits(bits[index], values[index]);
  return new Uint8Array(halves.buffer);
}

/** @param bits those of the float32 `value` */
function halfBits(bits: number, value: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude >= BITS_OF_OVERFLOW) return sign | (magnitude > BITS_OF_INFINITY ? 0x7e00 : 0x7c00);
  if (magnitude < BITS_OF_SMALLEST_NORMAL) return sign | roundHalfToEven(Math.abs(value) * 2 ** 24);
  // Half of the last place less one, plus one where the place is odd: a tie is carried up to the even neighbour only.
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  // Exponents of float32 are biased by 127, those of half precision by 15.
  return sign | ((rounded - ((127 - 15) << 23)) >>> 13);
}

function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}
