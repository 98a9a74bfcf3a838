import type * as tf from '@tensorflow/tfjs';
import { readTensorBytes, uploadTensor } from '../../engines/webgpu/transfer';
import type { DecodedMatrix } from '../../engines/webgpu/kernels/products/decoded-matrix';
import { nOfMMatrix } from '../../engines/webgpu/kernels/formats/n-of-m-matrix';
import { DecodedWeight } from './decoded-weight';
import type { SparseStorage, SparsityPattern, StoredTensor, WeightFormat } from '../linear-weight';
import { maskOfPlaces, PackedValues, type SlotWalk } from '../packed-values';
import {
  chooseGrid,
  packCodes,
  type QuantizationGrid,
  type QuantizationScheme,
  unpackCodes,
} from '../quantization';
import { readWords, storedTensor, type TensorReader } from '../stored-words';

type Shape = readonly [number, number];

/** Pattern that keeps `kept` of each `groupSize` weights along the input dimension. */
export interface GroupPattern {
  readonly kept: number;
  readonly groupSize: number;
}

/** Maximum group size, since an index takes at most one byte. */
export const GREATEST_GROUP = 256;

/** Pattern that stores at most `kept` weights of each group of columns. */
export function groupsPattern({ kept, groupSize }: GroupPattern): SparsityPattern {
  return { store: (values, mask, shape) => NOfMWeight.fromDense(values, shape, kept, groupSize, mask) };
}

/**
 * N:M sparsity along the input dimension: N values of each group of M weights are stored with their index in the group. An
 * index takes 1, 2, 4 or 8 bits (2 for 2:4), so that none straddles a 32-bit word.
 */
export class NOfMWeight extends DecodedWeight implements SparseStorage {
  readonly format = 'n-of-m';
  readonly pattern: SparsityPattern;

  private constructor(
    shape: Shape,
    private readonly groups: GroupPattern,
    private readonly values: PackedValues,
    private readonly indices: tf.Tensor,
  ) {
    super(shape);
    this.pattern = groupsPattern(groups);
  }

  get parameters(): number {
    return this.values.count;
  }

  get storesCodes(): boolean {
    return this.values.areCodes;
  }

  /**
   * @param values row-major [out, in]
   * @param stored marks the stored places by nonzeros, at most `kept` in each group of `groupSize` columns; default: the
   * values
   * themselves
   * @throws Error if a group has more
   */
  static fromDense(
    values: Float32Array,
    shape: Shape,
    kept: number,
    groupSize: number,
    stored: Float32Array = values,
  ): NOfMWeight {
    const pattern = { kept, groupSize };
    const indices = groupIndices(stored, pattern);
    const slots = new Float32Array(indices.length);
    keptPlaces(
      indices,
      shape,
      pattern,
    )((slot, row, column) => {
      slots[slot] = values[row * shape[1] + column];
    });
    return NOfMWeight.fromIndices(shape, pattern, indices, PackedValues.float32(slots, shape));
  }

  /**
   * Stores the values as codes of a given grid; values on the grid are restored exactly.
   * @param values row-major [out, in] with at most `kept` nonzeros in each group of `groupSize` columns
   * @throws Error if a group has more
   */
  static fromGrid(
    values: Float32Array,
    shape: Shape,
    { kept, groupSize }: GroupPattern,
    grid: QuantizationGrid,
  ): NOfMWeight {
    const pattern = { kept, groupSize };
    return NOfMWeight.fromCodes(values, shape, pattern, groupIndices(values, pattern), grid);
  }

  private static fromCodes(
    values: Float32Array,
    shape: Shape,
    pattern: GroupPattern,
    indices: ArrayLike<number>,
    grid: QuantizationGrid,
  ): NOfMWeight {
    const slots = { count: indices.length, walk: keptPlaces(indices, shape, pattern), grid };
    return NOfMWeight.fromIndices(shape, pattern, indices, PackedValues.quantized(values, shape, slots));
  }

  private static fromIndices(
    shape: Shape,
    pattern: GroupPattern,
    indices: ArrayLike<number>,
    values: PackedValues,
  ): NOfMWeight {
    const words = packCodes(indices, indexBits(pattern.groupSize));
    return new NOfMWeight(shape, pattern, values, uploadTensor(words, [words.length]));
  }

  static async load(
    shape: Shape,
    attributes: Record<string, unknown>,
    read: TensorReader,
  ): Promise<NOfMWeight> {
    const pattern = patternOf(attributes, shape);
    const bits = indexBits(pattern.groupSize);
    const count = (shape[0] * shape[1] * pattern.kept) / pattern.groupSize;
    const words = await readWords(read, 'indices', Math.ceil((count * bits) / 32));
    const indices = unpackCodes(words, bits, count, false);
    requireAscending(indices, pattern);
    const values = await PackedValues.load(count, shape, attributes.values, read);
    return NOfMWeight.fromIndices(shape, pattern, indices, values);
  }

  /** Same pattern with quantized values. */
  async quantizeStored(scheme: QuantizationScheme): Promise<NOfMWeight> {
    const dense = await this.dense();
    const grid = chooseGrid(dense, this.shape, scheme);
    return NOfMWeight.fromCodes(dense, this.shape, this.groups, await this.readIndices(), grid);
  }

  async storeOnGrid(values: Float32Array, grid: QuantizationGrid): Promise<NOfMWeight> {
    return NOfMWeight.fromGrid(values, this.shape, this.groups, grid);
  }

  /** Includes the zeros stored to fill up a group. */
  async storedPlaces(): Promise<Float32Array> {
    return maskOfPlaces(keptPlaces(await this.readIndices(), this.shape, this.groups), this.shape);
  }

  protected makeMatrix(): DecodedMatrix {
    return nOfMMatrix(this.values.buffers, this.shape, this.indices, {
      ...this.groups,
      indexBits: indexBits(this.groups.groupSize),
    });
  }

  async dense(): Promise<Float32Array> {
    return this.values.toMatrix(keptPlaces(await this.readIndices(), this.shape, this.groups));
  }

  stored(): readonly StoredTensor[] {
    return [
      ...this.values.stored(),
      storedTensor('indices', 'U32', this.indices, indexBits(this.groups.groupSize)),
    ];
  }

  attributes(): Record<string, unknown> {
    return { ...this.groups, values: this.values.attributes() };
  }

  clone(): NOfMWeight {
    return new NOfMWeight(this.shape, this.groups, this.values.clone(), this.indices.clone());
  }

  dispose(): void {
    this.values.dispose();
    this.indices.dispose();
  }

  private async readIndices(): Promise<Int32Array> {
    const words = new Uint32Array(await readTensorBytes(this.indices));
    return unpackCodes(words, indexBits(this.groups.groupSize), this.values.count, false);
  }
}

function indexBits(groupSize: number): 1 | 2 | 4 | 8 {
  if (groupSize <= 2) return 1;
  if (groupSize <= 4) return 2;
  return groupSize <= 16 ? 4 : 8;
}

/** Index of each kept weight within its group, ascending; groups with fewer nonzeros store their first zeros. */
function groupIndices(values: Float32Array, { kept, groupSize }: GroupPattern): Uint8Array {
  const indices = new Uint8Array((values.length / groupSize) * kept);
  let slot = 0;
  for (let start = 0; start < values.length; start += groupSize) {
    let nonzeros = 0;
    for (let index = 0; index < groupSize; index++) if (values[start + index] !== 0) nonzeros++;
    if (nonzeros > kept) throw new Error(`A group has ${nonzeros} nonzeros where ${kept} are kept.`);
    let zeros = kept - nonzeros;
    for (let index = 0; index < groupSize; index++) {
      if (values[start + index] !== 0 || zeros-- > 0) indices[slot++] = index;
    }
  }
  return indices;
}

function keptPlaces(
  indices: ArrayLike<number>,
  [, width]: Shape,
  { kept, groupSize }: GroupPattern,
): SlotWalk {
  const rows = (indices.length * groupSize) / (kept * width);
  return (visit) => {
    let slot = 0;
    for (let row = 0; row < rows; row++) {
      for (let start = 0; start < width; start += groupSize) {
        for (let k = 0; k < kept; k++, slot++) visit(slot, row, start + indices[slot]);
      }
    }
  };
}

function patternOf({ kept, groupSize }: Record<string, unknown>, [, width]: Shape): GroupPattern {
  const pattern = { kept: Number(kept), groupSize: Number(groupSize) };
  const counts = Number.isInteger(kept) && Number.isInteger(groupSize) && pattern.kept > 0;
  if (!counts || pattern.groupSize < pattern.kept || pattern.groupSize > GREATEST_GROUP) {
    throw new Error(`its pattern of ${String(kept)} of ${String(groupSize)} is not one that Lathe knows`);
  }
  if (width % pattern.groupSize !== 0) {
    throw new Error(`${pattern.kept} of ${pattern.groupSize} does not fit its width of ${width}`);
  }
  return pattern;
}

/** Kernels require ascending, in-range indices within each group. */
function requireAscending(indices: Int32Array, { kept, groupSize }: GroupPattern): void {
  for (let slot = 0; slot < indices.length; slot++) {
    const repeated = slot % kept > 0 && indices[slot] <= indices[slot - 1];
    if (repeated || indices[slot] >= groupSize)
      throw new Error(`its tensor indices does not name ${kept} different places of ${groupSize} in order`);
  }
}

function firstOf(values: Float32Array, n: number, m: number): Float32Array {
  return values.map((value, index) => (index % m < n ? value : 0));
}

export const nOfMFormat: WeightFormat = {
  id: 'n-of-m',
  title: 'N of M',
  samples: {
    '2 of 4': (values, shape) => NOfMWeight.fromDense(firstOf(values, 2, 4), shape, 2, 4),
    '3 of 8': (values, shape) => NOfMWeight.fromDense(firstOf(values, 3, 8), shape, 3, 8),
  },
  load: NOfMWeight.load,
};
