import type * as tf from '@tensorflow/tfjs';
import floatSource from './packed-float-values.wgsl?raw';
import quantizedSource from './packed-quantized-values.wgsl?raw';

/** Buffers of packed weight values; see `weights/packed-values.ts`. */
export interface PackedValueBuffers {
  /** float32 values, or 32-bit words of codes. */
  readonly data: tf.Tensor;
  readonly scales?: tf.Tensor;
  /** Four to a word. */
  readonly zeroPoints?: tf.Tensor;
  /** Absent where the values are float32. */
  readonly grid?: {
    readonly bits: 8 | 4;
    readonly signed: boolean;
    readonly groupSize: number;
    /** 0: one scale for the whole matrix. */
    readonly groupsPerRow: number;
  };
}

/** WGSL that defines `codeAt(slot)`, `weightsOf(codes, present, row, column)` and the bindings 1 to 3 for these values. */
export function packedValueSource({ grid, zeroPoints }: PackedValueBuffers): string {
  if (!grid) return floatSource;
  const constants = [
    `const BITS = ${grid.bits}u;`,
    `const SIGNED = ${grid.signed};`,
    `const HAS_ZERO_POINTS = ${zeroPoints !== undefined};`,
    // One scale then serves four neighbouring columns.
    `const SCALE_A_QUAD = ${grid.groupsPerRow <= 1 || grid.groupSize % 4 === 0};`,
    `const GROUP_SIZE = ${grid.groupSize}u;`,
    `const GROUPS_PER_ROW = ${grid.groupsPerRow}u;`,
  ];
  return [...constants, quantizedSource].join('\n');
}

/** Tensors of bindings 1 to 3, the data standing in for what these values do not have. */
export function packedValueInputs({ data, scales, zeroPoints }: PackedValueBuffers): tf.Tensor[] {
  return [data, scales ?? data, zeroPoints ?? data];
}
