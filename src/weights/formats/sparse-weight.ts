import type * as tf from '@tensorflow/tfjs';
import { readTensorBytes, uploadTensor } from '../../engines/webgpu/transfer';
import type { DecodedMatrix } from '../../engines/webgpu/kernels/products/decoded-matrix';
import { sparseMatrix } from '../../engines/webgpu/kernels/formats/sparse-matrix';
import { DecodedWeight } from './decoded-weight';
import type { SparseStorage, SparsityPattern, StoredTensor, WeightFormat } from '../linear-weight';
import { maskOfPlaces, PackedValues, type SlotWalk } from '../packed-values';
import { chooseGrid, type QuantizationGrid, type QuantizationScheme } from '../quantization';
import { readWords, storedTensor, type TensorReader } from '../stored-words';

type Shape = readonly [number, number];

/** Pattern that allows any place. */
export const UNSTRUCTURED: SparsityPattern = {
  store: (values, mask, shape) => SparseWeight.fromDense(values, shape, mask),
};

/**
 * Unstructured sparsity: one bit per weight (rows begin at whole 32-bit words, the first column in the lowest bit), the
 * values of the set bits in order, and for each row the number of values before it.
 */
export class SparseWeight extends DecodedWeight implements SparseStorage {
  readonly format = 'sparse';
  readonly pattern = UNSTRUCTURED;

  private constructor(
    shape: Shape,
    private readonly values: PackedValues,
    private readonly mask: tf.Tensor,
    private readonly firstSlots: tf.Tensor,
  ) {
    super(shape);
  }

  get parameters(): number {
    return this.values.count;
  }

  get storesCodes(): boolean {
    return this.values.areCodes;
  }

  /** @param values row-major [out, in]; @param stored marks stored places by nonzeros; default: the values themselves */
  static fromDense(values: Float32Array, shape: Shape, stored: Float32Array = values): SparseWeight {
    const mask = maskOf(stored, shape);
    const kept = new Float32Array(countBits(mask));
    setPlaces(
      mask,
      shape,
    )((slot, row, column) => {
      kept[slot] = values[row * shape[1] + column];
    });
    return SparseWeight.fromMask(shape, mask, PackedValues.float32(kept, shape));
  }

  /**
   * Stores nonzeros as codes of a given grid; values on the grid are restored exactly.
   * @param values row-major [out, in]
   */
  static fromGrid(values: Float32Array, shape: Shape, grid: QuantizationGrid): SparseWeight {
    return SparseWeight.fromCodes(values, shape, maskOf(values, shape), grid);
  }

  private static fromCodes(
    values: Float32Array,
    shape: Shape,
    mask: Uint32Array,
    grid: QuantizationGrid,
  ): SparseWeight {
    const slots = { count: countBits(mask), walk: setPlaces(mask, shape), grid };
    return SparseWeight.fromMask(shape, mask, PackedValues.quantized(values, shape, slots));
  }

  private static fromMask(shape: Shape, mask: Uint32Array, values: PackedValues): SparseWeight {
    const firstSlots = firstSlotsOf(mask, shape);
    return new SparseWeight(
      shape,
      values,
      uploadTensor(mask, [shape[0], mask.length / shape[0]]),
      uploadTensor(firstSlots, [shape[0]]),
    );
  }

  static async load(
    shape: Shape,
    attributes: Record<string, unknown>,
    read: TensorReader,
  ): Promise<SparseWeight> {
    const mask = await readWords(read, 'mask', shape[0] * maskWords(shape[1]));
    requirePaddingClear(mask, shape);
    const firstSlots = await readWords(read, 'first_slots', shape[0]);
    if (firstSlotsOf(mask, shape).some((slot, row) => slot !== firstSlots[row]))
      throw new Error('its tensor first_slots does not count the bits of its mask');
    const values = await PackedValues.load(countBits(mask), shape, attributes.values, read);
    return SparseWeight.fromMask(shape, mask, values);
  }

  /** Same pattern with quantized values. Zeros outside the pattern need no code, whatever the zero point. */
  async quantizeStored(scheme: QuantizationScheme): Promise<SparseWeight> {
    const dense = await this.dense();
    const grid = chooseGrid(dense, this.shape, scheme);
    return SparseWeight.fromCodes(dense, this.shape, await this.readMask(), grid);
  }

  /** Drops places whose value is now zero. */
  async storeOnGrid(values: Float32Array, grid: QuantizationGrid): Promise<SparseWeight> {
    return SparseWeight.fromGrid(values, this.shape, grid);
  }

  async storedPlaces(): Promise<Float32Array> {
    return maskOfPlaces(setPlaces(await this.readMask(), this.shape), this.shape);
  }

  protected makeMatrix(): DecodedMatrix {
    return sparseMatrix(this.values.buffers, this.shape, this.mask, this.firstSlots);
  }

  async dense(): Promise<Float32Array> {
    return this.values.toMatrix(setPlaces(await this.readMask(), this.shape));
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

function maskWords(width: number): number {
  return Math.ceil(width / 32);
}

function maskOf(values: Float32Array, [rows, width]: Shape): Uint32Array {
  const words = maskWords(width);
  const mask = new Uint32Array(rows * words);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < width; column++) {
      if (values[row * width + column] !== 0) mask[row * words + (column >>> 5)] |= 1 << (column & 31);
    }
  }
  return mask;
}

/** Walks over the set bits, row by row. */
function setPlaces(mask: Uint32Array, [rows, width]: Shape): SlotWalk {
  const words = maskWords(width);
  return (visit) => {
    let slot = 0;
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < width; column++) {
        if ((mask[row * words + (column >>> 5)] >>> (column & 31)) & 1) visit(slot++, row, column);
      }
    }
  };
}

function firstSlotsOf(mask: Uint32Array, [rows]: Shape): Uint32Array {
  const words = mask.length / rows;
  const firstSlots = new Uint32Array(rows);
  for (let row = 1; row < rows; row++) {
    firstSlots[row] = firstSlots[row - 1] + countBits(mask.subarray((row - 1) * words, row * words));
  }
  return firstSlots;
}

function countBits(words: Uint32Array): number {
  let count = 0;
  for (let index = 0; index < words.length; index++) {
    let word = words[index];
    word -= (word >>> 1) & 0x55555555;
    word = (word & 0x33333333) + ((word >>> 2) & 0x33333333);
    count += Math.imul((word + (word >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
  }
  return count;
}

/** Bits beyond the last column would shift all later values. */
function requirePaddingClear(mask: Uint32Array, [rows, width]: Shape): void {
  if (width % 32 === 0) return;
  const words = maskWords(width);
  for (let row = 0; row < rows; row++) {
    if (mask[(row + 1) * words - 1] >>> (width % 32))
      throw new Error(`its tensor mask has bits set beyond its ${width} columns`);
  }
}

export const sparseFormat: WeightFormat = {
  id: 'sparse',
  title: 'Sparse',
  samples: {
    sparse: (values, shape) => {
      const twoThirds = values.map((value, index) => (index % 3 ? value : 0));
      return SparseWeight.fromDense(twoThirds, shape);
    },
  },
  load: SparseWeight.load,
};
