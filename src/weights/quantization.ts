import type { CodeBits } from '../engines/webgpu/kernels/formats/packed-values';

/**
 * Uniform quantization of matrices, on the CPU in float64. A weight is `scale · (code − zeroPoint)`; the scale is that of the
 * whole matrix, of its row, or of a group of columns within its row (Jacob et al. 2018, section 2.1; Krishnamoorthi 2018).
 */

export type Bits = CodeBits;

/** Settings that a user chooses. */
export interface QuantizationScheme {
  readonly bits: Bits;
  readonly strategy: 'tensor' | 'channel' | 'group';
  /** Columns that share a scale with the strategy `group`; must divide the width. */
  readonly groupSize?: number;
  readonly symmetric: boolean;
  /**
   * Range of symmetric codes: `positive` (default) maps the greatest magnitude to the greatest code; `whole` spreads all
   * codes over −max … max, so that +max is half a step beyond the greatest code. Both are the same for 8 bits, −127 … 127.
   */
  readonly symmetricRange?: 'positive' | 'whole';
}

/** Settings that determine a scale. */
type ScaleChoice = Pick<QuantizationScheme, 'bits' | 'symmetric' | 'symmetricRange'>;

/** Scales of a matrix. */
export interface QuantizationGrid {
  readonly bits: Bits;
  readonly symmetric: boolean;
  /** One scale for the whole matrix instead of one per row (and group). */
  readonly perTensor: boolean;
  /** Columns that share a scale: the width unless grouped. */
  readonly groupSize: number;
  /** Row-major [rows, width / groupSize], or one. */
  readonly scales: Float32Array;
  /** Zero point for each scale; all 0 if symmetric. */
  readonly zeroPoints: Uint8Array;
}

/** Rounds to the nearest integer, ties to even, as IEEE 754 and PyTorch do. */
export function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/**
 * Chooses the scales. Symmetric: the greatest magnitude maps to the greatest code, 127, 7, 3 or 1 (see `symmetricRange`).
 * Asymmetric: the range of the values, widened to include 0, maps to all 2^bits codes. A group of zeros has the scale 1.
 * @param values row-major of this shape
 */
export function chooseGrid(
  values: Float32Array | Float64Array,
  [rows, width]: readonly [number, number],
  scheme: QuantizationScheme,
): QuantizationGrid {
  const { bits, strategy, groupSize = width, symmetric } = scheme;
  const columns = strategy === 'group' ? groupSize : width;
  if (width % columns !== 0) throw new Error(`Groups of ${columns} do not divide ${width} columns.`);
  const layout = { perTensor: strategy === 'tensor', groupSize: columns };
  const count = scaleCount(layout, [rows, width]);
  const span = (rows * width) / count;
  const scales = new Float32Array(count);
  const zeroPoints = new Uint8Array(count);
  for (let index = 0; index < count; index++) {
    const chosen = chooseScale(values.subarray(index * span, (index + 1) * span), scheme);
    scales[index] = chosen.scale;
    zeroPoints[index] = chosen.zeroPoint;
  }
  return { bits, symmetric, ...layout, scales, zeroPoints };
}

/** Scale, a float32, and zero point of values that share them; see `chooseGrid`. */
export function chooseScale(
  values: Float32Array | Float64Array,
  choice: ScaleChoice,
): { scale: number; zeroPoint: number } {
  const { symmetric } = choice;
  const span = codeSpan(choice);
  let [least, greatest] = [0, 0];
  for (const value of values) {
    if (value < least) least = value;
    else if (value > greatest) greatest = value;
  }
  if (!symmetric) {
    const scale = Math.fround((greatest - least) / span) || 1;
    return { scale, zeroPoint: roundHalfToEven(-least / scale) };
  }
  return { scale: Math.fround((2 * Math.max(greatest, -least)) / span) || 1, zeroPoint: 0 };
}

/** Number of codes that span the range of the values, or twice the greatest magnitude if symmetric. */
export function codeSpan({ bits, symmetric, symmetricRange }: ScaleChoice): number {
  const codes = { bits, symmetric };
  const isWhole = !symmetric || symmetricRange === 'whole';
  return isWhole ? greatestCode(codes) - leastCode(codes) : 2 * greatestCode(codes);
}

/** Number of scales of a matrix. */
export function scaleCount(
  { perTensor, groupSize }: Pick<QuantizationGrid, 'perTensor' | 'groupSize'>,
  [rows, width]: readonly [number, number],
): number {
  return perTensor ? 1 : rows * (width / groupSize);
}

/** Index of the scale for the weight at (row, column). */
export function scaleIndex(grid: QuantizationGrid, width: number, row: number, column: number): number {
  return grid.perTensor ? 0 : row * (width / grid.groupSize) + Math.floor(column / grid.groupSize);
}

/** Code of a value: −127..127 (8 bits symmetric), −8..7, −4..3, −2..1 (4, 3, 2 bits symmetric), 0..2^bits−1 (asymmetric). */
export function encode(grid: QuantizationGrid, scale: number, value: number): number {
  const code = roundHalfToEven(value / grid.scales[scale]) + grid.zeroPoints[scale];
  return Math.min(greatestCode(grid), Math.max(leastCode(grid), code));
}

/** Value of a code, in float64. */
export function decode(grid: QuantizationGrid, scale: number, code: number): number {
  return grid.scales[scale] * (code - grid.zeroPoints[scale]);
}

/** See `encode`. */
export function leastCode({ bits, symmetric }: Pick<QuantizationGrid, 'bits' | 'symmetric'>): number {
  if (!symmetric) return 0;
  return bits === 8 ? -127 : -(1 << (bits - 1));
}

/** See `encode`. */
export function greatestCode({ bits, symmetric }: Pick<QuantizationGrid, 'bits' | 'symmetric'>): number {
  return (1 << (symmetric ? bits - 1 : bits)) - 1;
}

/** Packs codes (two's complement if negative) into 32-bit words without gaps, the first in the lowest bits. */
export function packCodes(codes: ArrayLike<number>, bits: number): Uint32Array {
  const words = new Uint32Array(Math.ceil((codes.length * bits) / 32));
  const mask = 2 ** bits - 1;
  for (let index = 0; index < codes.length; index++) {
    const bit = index * bits;
    const code = codes[index] & mask;
    words[bit >>> 5] |= code << (bit & 31);
    // Remaining bits of a code that straddles two words.
    if ((bit & 31) + bits > 32) words[(bit >>> 5) + 1] |= code >>> (32 - (bit & 31));
  }
  return words;
}

/** Unpacks `count` codes from 32-bit words; the inverse of `packCodes`. */
export function unpackCodes(words: Uint32Array, bits: number, count: number, signed: boolean): Int32Array {
  const codes = new Int32Array(count);
  const unused = 32 - bits;
  for (let index = 0; index < count; index++) {
    const bit = index * bits;
    let low = words[bit >>> 5] >>> (bit & 31);
    if ((bit & 31) > unused) low |= words[(bit >>> 5) + 1] << (32 - (bit & 31));
    const raised = low << unused;
    codes[index] = signed ? raised >> unused : raised >>> unused;
  }
  return codes;
}
