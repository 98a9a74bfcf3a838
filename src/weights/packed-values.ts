import type * as tf from '@tensorflow/tfjs';
import { readFloats, readTensorBytes, uploadTensor } from '../engines/webgpu/transfer';
import {
  type PackedValueBuffers,
  VALUES_OF_WHOLE_WORDS,
} from '../engines/webgpu/kernels/formats/packed-values';
import type { StoredTensor } from './linear-weight';
import {
  type Bits,
  decode,
  encode,
  packCodes,
  type QuantizationGrid,
  scaleCount,
  scaleIndex,
  unpackCodes,
} from './quantization';
import { readWords, storedTensor, type TensorReader } from './stored-words';

type Shape = readonly [rows: number, columns: number];

/** Calls `visit` for each stored value with its slot and its place in the matrix; padding is skipped. */
export type SlotWalk = (visit: (slot: number, row: number, column: number) => void) => void;

/** Row-major mask with 1 at the places of a walk, else 0. */
export function maskOfPlaces(walk: SlotWalk, [rows, columns]: Shape): Float32Array {
  const mask = new Float32Array(rows * columns);
  walk((_, row, column) => {
    mask[row * columns + column] = 1;
  });
  return mask;
}

/** JSON description of the stored values, whose tensors hold the rest. */
interface ValueAttributes {
  readonly bits: 32 | Bits;
  readonly symmetric?: boolean;
  readonly perTensor?: boolean;
  readonly groupSize?: number;
}

const ZERO_POINTS_IN_A_WORD = 4;

/**
 * List of weight values in one buffer, as float32 or as integer codes with scales; shared by dense quantized, sparse and N:M
 * matrices. Each format determines the places of the values.
 */
export class PackedValues {
  private constructor(
    /** Number of slots, padding included. */
    readonly count: number,
    private readonly shape: Shape,
    private readonly grid: QuantizationGrid | undefined,
    private readonly data: tf.Tensor,
    private readonly scales: tf.Tensor | undefined,
    private readonly zeroPoints: tf.Tensor | undefined,
  ) {}

  /** @param values one for each slot */
  static float32(values: Float32Array, shape: Shape): PackedValues {
    // GPU buffers cannot be empty; a matrix of zeros has one unused slot on the GPU and in the file.
    const stored = values.length > 0 ? values : new Float32Array(1);
    const data = uploadTensor(stored, [stored.length]);
    return new PackedValues(values.length, shape, undefined, data, undefined, undefined);
  }

  /**
   * @param matrix row-major values, taken at the walk's places
   * @param count number of slots, padding included
   * @param grid scales of the matrix
   */
  static quantized(
    matrix: Float32Array,
    shape: Shape,
    { count, walk, grid }: { count: number; walk: SlotWalk; grid: QuantizationGrid },
  ): PackedValues {
    const [, width] = shape;
    const codes = grid.symmetric ? new Int8Array(count) : new Uint8Array(count);
    walk((slot, row, column) => {
      codes[slot] = encode(grid, scaleIndex(grid, width, row, column), matrix[row * width + column]);
    });
    return PackedValues.fromCodes(packCodes(codes, grid.bits), count, grid, shape);
  }

  private static fromCodes(
    words: Uint32Array,
    count: number,
    grid: QuantizationGrid,
    shape: Shape,
  ): PackedValues {
    const stored = words.length > 0 ? words : new Uint32Array(1);
    const zeroPoints = packCodes(grid.zeroPoints, 8);
    return new PackedValues(
      count,
      shape,
      grid,
      uploadTensor(stored, [stored.length]),
      uploadTensor(grid.scales, [grid.scales.length]),
      grid.symmetric ? undefined : uploadTensor(zeroPoints, [zeroPoints.length]),
    );
  }

  get areCodes(): boolean {
    return this.grid !== undefined;
  }

  get bits(): 32 | Bits {
    return this.grid?.bits ?? 32;
  }

  /** Buffers for the kernels. */
  get buffers(): PackedValueBuffers {
    return {
      data: this.data,
      scales: this.scales,
      zeroPoints: this.zeroPoints,
      grid: this.grid && {
        bits: this.grid.bits,
        signed: this.grid.symmetric,
        groupSize: this.grid.groupSize,
        groupsPerRow: this.grid.perTensor ? 0 : this.shape[1] / this.grid.groupSize,
      },
    };
  }

  /** Matrix with these values at the walk's places and zeros elsewhere; computed in float64, rounded once. */
  async toMatrix(walk: SlotWalk): Promise<Float32Array> {
    const { grid } = this;
    const [rows, width] = this.shape;
    const matrix = new Float32Array(rows * width);
    if (!grid) {
      const values = await readFloats(this.data);
      walk((slot, row, column) => {
        matrix[row * width + column] = values[slot];
      });
      return matrix;
    }
    const words = new Uint32Array(await readTensorBytes(this.data));
    const codes = unpackCodes(words, grid.bits, this.count, grid.symmetric);
    walk((slot, row, column) => {
      matrix[row * width + column] = decode(grid, scaleIndex(grid, width, row, column), codes[slot]);
    });
    return matrix;
  }

  stored(): StoredTensor[] {
    if (!this.grid) return [storedTensor('values', 'F32', this.data)];
    const tensors = [
      storedTensor('codes', 'U32', this.data, this.grid.bits),
      storedTensor('scales', 'F32', this.scales!),
    ];
    if (!this.zeroPoints) return tensors;
    return [...tensors, storedTensor('zero_points', 'U32', this.zeroPoints, 32 / ZERO_POINTS_IN_A_WORD)];
  }

  attributes(): ValueAttributes {
    if (!this.grid) return { bits: 32 };
    const { bits, symmetric, perTensor, groupSize } = this.grid;
    return { bits, symmetric, perTensor, groupSize };
  }

  /** @throws Error if the tensors do not fit the attributes */
  static async load(
    count: number,
    shape: Shape,
    attributes: unknown,
    read: TensorReader,
  ): Promise<PackedValues> {
    if ((attributes as ValueAttributes | undefined)?.bits === 32) {
      const words = await readWords(read, 'values', Math.max(count, 1));
      return PackedValues.float32(new Float32Array(words.buffer).subarray(0, count), shape);
    }
    const layout = gridLayout(attributes, shape);
    const words = await readWords(read, 'codes', Math.max(1, Math.ceil((count * layout.bits) / 32)));
    const scaled = scaleCount(layout, shape);
    const scales = new Float32Array((await readWords(read, 'scales', scaled)).buffer);
    const zeroPoints = layout.symmetric
      ? new Uint8Array(scaled)
      : new Uint8Array(
          (await readWords(read, 'zero_points', Math.ceil(scaled / ZERO_POINTS_IN_A_WORD))).buffer,
        ).subarray(0, scaled);
    return PackedValues.fromCodes(words, count, { ...layout, scales, zeroPoints }, shape);
  }

  clone(): PackedValues {
    return new PackedValues(
      this.count,
      this.shape,
      this.grid,
      this.data.clone(),
      this.scales?.clone(),
      this.zeroPoints?.clone(),
    );
  }

  dispose(): void {
    this.data.dispose();
    this.scales?.dispose();
    this.zeroPoints?.dispose();
  }
}

/**
 * Bits per value as described in a file: 32 for float32.
 * @throws Error if the description is invalid
 */
export function valueBits(attributes: unknown): 32 | Bits {
  const bits = (attributes as Partial<ValueAttributes> | undefined)?.bits;
  if (!isKnown(bits)) throw unknownDescription(attributes);
  return bits;
}

function gridLayout(attributes: unknown, [, width]: Shape): Omit<QuantizationGrid, 'scales' | 'zeroPoints'> {
  const { bits, symmetric, perTensor, groupSize } = (attributes ?? {}) as Partial<ValueAttributes>;
  const fits = Number.isInteger(groupSize) && groupSize! > 0 && width % groupSize! === 0;
  if (
    !isKnown(bits) ||
    bits === 32 ||
    typeof symmetric !== 'boolean' ||
    typeof perTensor !== 'boolean' ||
    !fits
  ) {
    throw unknownDescription(attributes);
  }
  return { bits, symmetric, perTensor, groupSize: groupSize! };
}

function isKnown(bits: unknown): bits is 32 | Bits {
  return Object.keys(VALUES_OF_WHOLE_WORDS).some((known) => Number(known) === bits);
}

function unknownDescription(attributes: unknown): Error {
  return new Error(`its values are described by ${JSON.stringify(attributes)}, which Lathe does not know`);
}
