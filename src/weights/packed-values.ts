import type * as tf from '@tensorflow/tfjs';
import { readFloats, readTensorBytes, uploadTensor } from '../gpu/transfer';
import type { PackedValueBuffers } from '../kernels/packed-values';
import type { Dtype } from '../checkpoint/named-tensor';
import type { StoredTensor } from './linear-weight';
import {
  type Bits,
  decode,
  encode,
  packCodes,
  type QuantizationGrid,
  scaleIndex,
  unpackCodes,
} from './quantization';

/** Position in the matrix of each stored value; -1 where a slot is padding. */
export type SlotPositions = { readonly rows: Int32Array; readonly columns: Int32Array };

/** JSON that describes how values are stored; the tensors hold the rest. */
interface ValueAttributes {
  readonly bits: 32 | Bits;
  readonly symmetric?: boolean;
  readonly perTensor?: boolean;
  readonly groupSize?: number;
}

/** Reads a stored tensor by its suffix. */
export type TensorReader = (
  suffix: string,
) => Promise<{ bytes: Uint8Array; shape: readonly number[]; dtype: Dtype }>;

/**
 * A list of weight values in one buffer, as float32 or as integer codes with scales: what dense quantized, sparse and
 * N:M matrices have in common. Which value stands where is the business of the form.
 */
export class PackedValues {
  private constructor(
    /** Slots, padding included. */
    readonly count: number,
    private readonly width: number,
    private readonly grid: QuantizationGrid | undefined,
    private readonly data: tf.Tensor,
    private readonly scales: tf.Tensor | undefined,
    private readonly zeroPoints: tf.Tensor | undefined,
  ) {}

  static float32(values: Float32Array, width: number): PackedValues {
    // A buffer cannot be empty; a matrix of zeros keeps one unused slot on the GPU and in the file.
    const stored = values.length > 0 ? values : new Float32Array(1);
    return new PackedValues(
      values.length,
      width,
      undefined,
      uploadTensor(stored, [stored.length]),
      undefined,
      undefined,
    );
  }

  /**
   * @param values of each slot
   * @param grid scales of the matrix of `width` columns
   */
  static quantized(
    values: ArrayLike<number>,
    { rows, columns }: SlotPositions,
    grid: QuantizationGrid,
    width: number,
  ): PackedValues {
    const codes = new Int32Array(values.length);
    for (let slot = 0; slot < codes.length; slot++) {
      if (rows[slot] < 0) continue;
      codes[slot] = encode(grid, scaleIndex(grid, width, rows[slot], columns[slot]), values[slot]);
    }
    return PackedValues.fromCodes(packCodes(codes, grid.bits), values.length, grid, width);
  }

  private static fromCodes(
    words: Uint32Array,
    count: number,
    grid: QuantizationGrid,
    width: number,
  ): PackedValues {
    const stored = words.length > 0 ? words : new Uint32Array(1);
    const zeroPoints = packCodes(grid.zeroPoints, 8);
    return new PackedValues(
      count,
      width,
      grid,
      uploadTensor(stored, [stored.length]),
      uploadTensor(grid.scales, [grid.scales.length]),
      grid.symmetric ? undefined : uploadTensor(zeroPoints, [zeroPoints.length]),
    );
  }

  get bits(): 32 | Bits {
    return this.grid?.bits ?? 32;
  }

  /** What the kernels take. */
  get buffers(): PackedValueBuffers {
    return {
      data: this.data,
      scales: this.scales,
      zeroPoints: this.zeroPoints,
      grid: this.grid && {
        bits: this.grid.bits,
        signed: this.grid.symmetric,
        groupSize: this.grid.groupSize,
        groupsPerRow: this.grid.perTensor ? 0 : this.width / this.grid.groupSize,
      },
    };
  }

  /** Values of all slots in float64, each rounded once to float32; padding is 0. */
  async read({ rows, columns }: SlotPositions): Promise<Float32Array> {
    const { grid } = this;
    if (!grid) return (await readFloats(this.data)).subarray(0, this.count);
    const words = new Uint32Array(await readTensorBytes(this.data));
    const codes = unpackCodes(words, grid.bits, this.count, grid.symmetric);
    return Float32Array.from(codes, (code, slot) =>
      rows[slot] < 0 ? 0 : decode(grid, scaleIndex(grid, this.width, rows[slot], columns[slot]), code),
    );
  }

  stored(): StoredTensor[] {
    const tensors: [string, Dtype, tf.Tensor | undefined][] = this.grid
      ? [
          ['codes', 'U32', this.data],
          ['scales', 'F32', this.scales],
          ['zero_points', 'U32', this.zeroPoints],
        ]
      : [['values', 'F32', this.data]];
    return tensors.flatMap(([suffix, dtype, tensor]) =>
      tensor ? [storedTensor(suffix, dtype, tensor)] : [],
    );
  }

  attributes(): ValueAttributes {
    if (!this.grid) return { bits: 32 };
    const { bits, symmetric, perTensor, groupSize } = this.grid;
    return { bits, symmetric, perTensor, groupSize };
  }

  /** @throws Error where the tensors do not fit the attributes */
  static async load(
    count: number,
    width: number,
    attributes: unknown,
    read: TensorReader,
  ): Promise<PackedValues> {
    const { bits, symmetric, perTensor, groupSize } = attributes as ValueAttributes;
    if (bits === 32) {
      const { bytes } = await read('values');
      requireLength('values', bytes.length, Math.max(count, 1) * 4);
      return PackedValues.float32(new Float32Array(bytes.slice().buffer).subarray(0, count), width);
    }
    if ((bits !== 8 && bits !== 4) || symmetric === undefined || perTensor === undefined || !groupSize) {
      throw new Error(`its values are described by ${JSON.stringify(attributes)}, which Lathe does not know`);
    }
    const words = new Uint32Array((await read('codes')).bytes.slice().buffer);
    requireLength('codes', words.length * 4, Math.max(1, Math.ceil((count * bits) / 32)) * 4);
    const scales = new Float32Array((await read('scales')).bytes.slice().buffer);
    const zeroPoints = symmetric
      ? new Uint8Array(scales.length)
      : (await read('zero_points')).bytes.slice(0, scales.length);
    return PackedValues.fromCodes(
      words,
      count,
      { bits, symmetric, perTensor, groupSize, scales, zeroPoints },
      width,
    );
  }

  clone(): PackedValues {
    return new PackedValues(
      this.count,
      this.width,
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

/** A tensor of 32-bit words as it goes to a file. */
export function storedTensor(suffix: string, dtype: Dtype, tensor: tf.Tensor): StoredTensor {
  return {
    suffix,
    dtype,
    shape: tensor.shape,
    byteLength: tensor.size * 4,
    read: async () => new Uint8Array(await readTensorBytes(tensor)),
  };
}

/** @throws Error naming the tensor and both lengths */
export function requireLength(suffix: string, found: number, expected: number): void {
  if (found !== expected)
    throw new Error(`its tensor ${suffix} has ${found} bytes where ${expected} were expected`);
}
