import type * as tf from '@tensorflow/tfjs';
import type { BufferType } from '../../define-kernel';
import type { BoundBuffer } from '../wgsl/bound-buffers';
import floatSource from './packed-float-values.wgsl?raw';
import quantizedSource from './packed-quantized-values.wgsl?raw';

/** Bits per code. */
export type CodeBits = 8 | 4 | 3 | 2;

/** Number of values that fill whole 32-bit words, by their bits; 32 values of 3 bits, which straddle words, fill three. */
export const VALUES_OF_WHOLE_WORDS: Readonly<Record<32 | CodeBits, number>> = {
  32: 1,
  8: 4,
  4: 8,
  3: 32,
  2: 16,
};

/** Slots per row of values that begins and ends at a word boundary. */
export function slotsInARow(width: number, bits: 32 | CodeBits): number {
  const values = VALUES_OF_WHOLE_WORDS[bits];
  return Math.ceil(width / values) * values;
}

/** Buffers of packed weight values; see `weights/packed-values.ts`. */
export interface PackedValueBuffers {
  /** float32 values, or 32-bit words of codes. */
  readonly data: tf.Tensor;
  readonly scales?: tf.Tensor;
  /** Four per word. */
  readonly zeroPoints?: tf.Tensor;
  /** Absent for float32 values. */
  readonly grid?: CodeGrid;
}

/** Conversion of codes to weights: `scale · (code − zeroPoint)`. */
export interface CodeGrid {
  readonly bits: CodeBits;
  readonly signed: boolean;
  readonly groupSize: number;
  /** 0 for one scale for the whole matrix. */
  readonly groupsPerRow: number;
}

/** WGSL of `zeroPointOf(scale: u32) -> f32`, the zero point for a scale's index. */
export function zeroPointSource(hasZeroPoints: boolean): string {
  const value = hasZeroPoints ? 'f32((zeroPoints[scale / 4u] >> (scale % 4u * 8u)) & 255u)' : '0.0';
  return `fn zeroPointOf(scale: u32) -> f32 { return ${value}; }`;
}

/** WGSL that defines `codeAt(slot)` and `weightsOf(codes, present, row, column)` over the buffers of `packedValueInputs`. */
export function packedValueSource({ grid, zeroPoints }: PackedValueBuffers): string {
  if (!grid) return floatSource;
  const constants = [
    `const BITS = ${grid.bits}u;`,
    `const SIGNED = ${grid.signed};`,
    `const HAS_ZERO_POINTS = ${zeroPoints !== undefined};`,
    // One scale serves each quad of columns.
    `const SCALE_A_QUAD = ${grid.groupsPerRow <= 1 || grid.groupSize % 4 === 0};`,
    `const GROUP_SIZE = ${grid.groupSize}u;`,
    `const GROUPS_PER_ROW = ${grid.groupsPerRow}u;`,
  ];
  return [...constants, zeroPointSource(zeroPoints !== undefined), quantizedSource].join('\n');
}

/** Key that distinguishes packed values with different WGSL. */
export function packedValueKey({ grid, zeroPoints }: PackedValueBuffers): string {
  if (!grid) return 'float';
  const { bits, signed, groupSize, groupsPerRow } = grid;
  return `${signed ? 'i' : 'u'}${bits}${zeroPoints ? 'z' : ''}/${groupsPerRow}×${groupSize}`;
}

/**
 * Buffers of these values, named `values`, or `codeWords`, `scales` and `zeroPoints`.
 * @param type WGSL type of the values or words
 */
export function packedValueInputs(
  { data, scales, zeroPoints, grid }: PackedValueBuffers,
  type: BufferType = grid ? 'array<u32>' : 'array<f32>',
): BoundBuffer[] {
  if (!grid) return [{ name: 'values', type, tensor: data }];
  const inputs: BoundBuffer[] = [
    { name: 'codeWords', type, tensor: data },
    { name: 'scales', type: 'array<f32>', tensor: scales! },
  ];
  if (zeroPoints) inputs.push({ name: 'zeroPoints', type: 'array<u32>', tensor: zeroPoints });
  return inputs;
}
