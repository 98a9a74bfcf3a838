import type * as tf from '@tensorflow/tfjs';
import { readTensorBytes, uploadTensor } from '../gpu/transfer';
import { sparseMatrix } from '../kernels/decoded-matmul';
import { DecodedWeight } from './decoded-weight';
import type { StoredTensor, WeightForm } from './linear-weight';
import { PackedValues, requireLength, type SlotPositions, storedTensor } from './packed-values';
import { chooseGrid, type QuantizationScheme } from './quantization';

/**
 * Unstructured sparsity: a bit a weight (rows begin at whole 32-bit words, the first column in the lowest bit), the values
 * of the set bits one after the other, and for each row the number of values before it.
 */
export class SparseWeight extends DecodedWeight {
  readonly form = 'sparse';

  private constructor(
    shape: readonly [number, number],
    private readonly values: PackedValues,
    private readonly mask: tf.Tensor,
    private readonly firstSlots: tf.Tensor,
  ) {
    super(shape);
  }

  get parameters(): number {
    return this.values.count;
  }

  /** Stores what is not zero. @param values row-major [out, in] */
  static fromDense(values: Float32Array, shape: readonly [number, number]): SparseWeight {
    const mask = maskOf(values, shape);
    const kept = values.filter((value) => value !== 0);
    return SparseWeight.fromMask(shape, mask, PackedValues.float32(kept, shape[1]));
  }

  private static fromMask(
    shape: readonly [number, number],
    mask: Uint32Array,
    values: PackedValues,
  ): SparseWeight {
    const firstSlots = firstSlotsOf(mask, shape);
    return new SparseWeight(
      shape,
      values,
      uploadTensor(mask, [shape[0], mask.length / shape[0]]),
      uploadTensor(firstSlots, [shape[0]]),
    );
  }

  static async load(
    shape: readonly [number, number],
    ...[attributes, read]: LoadArguments
  ): Promise<SparseWeight> {
    const mask = new Uint32Array((await read('mask')).bytes.slice().buffer);
    requireLength('mask', mask.length * 4, shape[0] * Math.ceil(shape[1] / 32) * 4);
    const count = positionsOf(mask, shape).rows.length;
    return SparseWeight.fromMask(
      shape,
      mask,
      await PackedValues.load(count, shape[1], attributes.values, read),
    );
  }

  /** The same pattern with its values as codes. Zeros need no code: they stay zero whatever the zero point. */
  async quantizeValues(scheme: QuantizationScheme): Promise<SparseWeight> {
    const dense = await this.dense();
    const mask = await this.readMask();
    const positions = positionsOf(mask, this.shape);
    const kept = Float32Array.from(
      positions.rows,
      (row, slot) => dense[row * this.shape[1] + positions.columns[slot]],
    );
    const grid = chooseGrid(dense, this.shape, scheme);
    return SparseWeight.fromMask(
      this.shape,
      mask,
      PackedValues.quantized(kept, positions, grid, this.shape[1]),
    );
  }

  protected get matrix() {
    return sparseMatrix(this.values.buffers, this.shape, this.mask, this.firstSlots);
  }

  async dense(): Promise<Float32Array> {
    const positions = positionsOf(await this.readMask(), this.shape);
    const kept = await this.values.read(positions);
    const dense = new Float32Array(this.shape[0] * this.shape[1]);
    kept.forEach((value, slot) => {
      dense[positions.rows[slot] * this.shape[1] + positions.columns[slot]] = value;
    });
    return dense;
  }

  stored(): readonly StoredTensor[] {
    return [
      ...this.values.stored(),
      storedTensor('mask', 'U32', this.mask),
      storedTensor('first_slots', 'U32', this.firstSlots),
    ];
  }

  attributes(): Record<string, unknown> {
    return { values: this.values.attributes() };
  }

  clone(): SparseWeight {
    return new SparseWeight(this.shape, this.values.clone(), this.mask.clone(), this.firstSlots.clone());
  }

  dispose(): void {
    this.values.dispose();
    this.mask.dispose();
    this.firstSlots.dispose();
  }

  private async readMask(): Promise<Uint32Array> {
    return new Uint32Array(await readTensorBytes(this.mask));
  }
}

type LoadArguments = [attributes: Record<string, unknown>, read: Parameters<WeightForm['load']>[2]];

function maskOf(values: Float32Array, [rows, width]: readonly [number, number]): Uint32Array {
  const words = Math.ceil(width / 32);
  const mask = new Uint32Array(rows * words);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < width; column++) {
      if (values[row * width + column] !== 0) mask[row * words + (column >>> 5)] |= 1 << (column & 31);
    }
  }
  return mask;
}

function positionsOf(mask: Uint32Array, [rows, width]: readonly [number, number]): SlotPositions {
  const words = Math.ceil(width / 32);
  const rowList: number[] = [];
  const columnList: number[] = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < width; column++) {
      if ((mask[row * words + (column >>> 5)] >>> (column & 31)) & 1) {
        rowList.push(row);
        columnList.push(column);
      }
    }
  }
  return { rows: Int32Array.from(rowList), columns: Int32Array.from(columnList) };
}

function firstSlotsOf(mask: Uint32Array, [rows]: readonly [number, number]): Uint32Array {
  const words = mask.length / rows;
  const firstSlots = new Uint32Array(rows);
  let count = 0;
  for (let row = 0; row < rows; row++) {
    firstSlots[row] = count;
    for (let word = row * words; word < (row + 1) * words; word++) count += setBits(mask[word]);
  }
  return firstSlots;
}

function setBits(word: number): number {
  let pairs = word - ((word >>> 1) & 0x55555555);
  pairs = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((pairs + (pairs >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

export const sparseForm: WeightForm = {
  form: 'sparse',
  title: 'Sparse',
  load: (shape, attributes, read) => SparseWeight.load(shape, attributes, read),
};
