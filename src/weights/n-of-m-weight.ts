import type * as tf from '@tensorflow/tfjs';
import { readTensorBytes, uploadTensor } from '../gpu/transfer';
import { nOfMMatrix } from '../kernels/decoded-matmul';
import { DecodedWeight } from './decoded-weight';
import type { StoredTensor, WeightForm } from './linear-weight';
import { PackedValues, requireLength, type SlotPositions, storedTensor } from './packed-values';
import { chooseGrid, packCodes, type QuantizationScheme, unpackCodes } from './quantization';

/** How many of how many stay, and the bits of an index within a group. */
interface Pattern {
  readonly kept: number;
  readonly groupSize: number;
}

/**
 * N:M sparsity along the input dimension: of each group of M weights N values are stored with their index in the group.
 * An index takes 1, 2, 4 or 8 bits (2 for 2:4), so that none straddles a 32-bit word.
 */
export class NOfMWeight extends DecodedWeight {
  readonly form = 'n-of-m';

  private constructor(
    shape: readonly [number, number],
    private readonly pattern: Pattern,
    private readonly values: PackedValues,
    private readonly indices: tf.Tensor,
  ) {
    super(shape);
  }

  get parameters(): number {
    return this.values.count;
  }

  /**
   * @param values row-major [out, in] with at most `kept` nonzeros in each group of `groupSize` columns
   * @throws Error where a group has more
   */
  static fromDense(
    values: Float32Array,
    shape: readonly [number, number],
    kept: number,
    groupSize: number,
  ): NOfMWeight {
    const pattern = { kept, groupSize };
    const codes = groupIndices(values, pattern);
    const positions = positionsOf(codes, shape, pattern);
    const slots = Float32Array.from(
      positions.rows,
      (row, slot) => values[row * shape[1] + positions.columns[slot]],
    );
    return NOfMWeight.fromIndices(shape, pattern, codes, PackedValues.float32(slots, shape[1]));
  }

  private static fromIndices(
    shape: readonly [number, number],
    pattern: Pattern,
    codes: ArrayLike<number>,
    values: PackedValues,
  ): NOfMWeight {
    const words = packCodes(codes, indexBits(pattern.groupSize));
    return new NOfMWeight(shape, pattern, values, uploadTensor(words, [words.length]));
  }

  static async load(
    shape: readonly [number, number],
    ...[attributes, read]: LoadArguments
  ): Promise<NOfMWeight> {
    const { kept, groupSize } = attributes as unknown as Pattern;
    const count = (shape[0] * shape[1] * kept) / groupSize;
    if (!Number.isInteger(count))
      throw new Error(`${kept} of ${groupSize} does not fit its width of ${shape[1]}`);
    const words = new Uint32Array((await read('indices')).bytes.slice().buffer);
    requireLength('indices', words.length * 4, Math.ceil((count * indexBits(groupSize)) / 32) * 4);
    const codes = unpackCodes(words, indexBits(groupSize), count, false);
    const values = await PackedValues.load(count, shape[1], attributes.values, read);
    return NOfMWeight.fromIndices(shape, { kept, groupSize }, codes, values);
  }

  /** The same pattern with its values as codes. */
  async quantizeValues(scheme: QuantizationScheme): Promise<NOfMWeight> {
    const dense = await this.dense();
    const codes = await this.readIndices();
    const positions = positionsOf(codes, this.shape, this.pattern);
    const slots = Float32Array.from(
      positions.rows,
      (row, slot) => dense[row * this.shape[1] + positions.columns[slot]],
    );
    const values = PackedValues.quantized(
      slots,
      positions,
      chooseGrid(dense, this.shape, scheme),
      this.shape[1],
    );
    return NOfMWeight.fromIndices(this.shape, this.pattern, codes, values);
  }

  protected get matrix() {
    return nOfMMatrix(this.values.buffers, this.shape, this.indices, {
      ...this.pattern,
      indexBits: indexBits(this.pattern.groupSize),
    });
  }

  async dense(): Promise<Float32Array> {
    const positions = positionsOf(await this.readIndices(), this.shape, this.pattern);
    const slots = await this.values.read(positions);
    const dense = new Float32Array(this.shape[0] * this.shape[1]);
    slots.forEach((value, slot) => {
      dense[positions.rows[slot] * this.shape[1] + positions.columns[slot]] = value;
    });
    return dense;
  }

  stored(): readonly StoredTensor[] {
    return [...this.values.stored(), storedTensor('indices', 'U32', this.indices)];
  }

  attributes(): Record<string, unknown> {
    return { ...this.pattern, values: this.values.attributes() };
  }

  clone(): NOfMWeight {
    return new NOfMWeight(this.shape, this.pattern, this.values.clone(), this.indices.clone());
  }

  dispose(): void {
    this.values.dispose();
    this.indices.dispose();
  }

  private async readIndices(): Promise<Int32Array> {
    const words = new Uint32Array(await readTensorBytes(this.indices));
    return unpackCodes(words, indexBits(this.pattern.groupSize), this.values.count, false);
  }
}

type LoadArguments = [attributes: Record<string, unknown>, read: Parameters<WeightForm['load']>[2]];

function indexBits(groupSize: number): 1 | 2 | 4 | 8 {
  if (groupSize <= 2) return 1;
  if (groupSize <= 4) return 2;
  return groupSize <= 16 ? 4 : 8;
}

/** Index of each kept weight within its group, ascending; groups with fewer nonzeros keep zeros. */
function groupIndices(values: Float32Array, { kept, groupSize }: Pattern): Uint8Array {
  const codes = new Uint8Array((values.length / groupSize) * kept);
  for (let group = 0; group < values.length / groupSize; group++) {
    const within = Array.from({ length: groupSize }, (_, index) => index);
    const nonzero = within.filter((index) => values[group * groupSize + index] !== 0);
    if (nonzero.length > kept)
      throw new Error(`A group has ${nonzero.length} nonzeros where ${kept} are kept.`);
    const zeros = within.filter((index) => values[group * groupSize + index] === 0);
    const chosen = [...nonzero, ...zeros.slice(0, kept - nonzero.length)].sort((left, right) => left - right);
    codes.set(chosen, group * kept);
  }
  return codes;
}

function positionsOf(
  codes: ArrayLike<number>,
  [, width]: readonly [number, number],
  { kept, groupSize }: Pattern,
): SlotPositions {
  const groupsInARow = width / groupSize;
  const positions = { rows: new Int32Array(codes.length), columns: new Int32Array(codes.length) };
  for (let slot = 0; slot < codes.length; slot++) {
    const group = Math.floor(slot / kept);
    positions.rows[slot] = Math.floor(group / groupsInARow);
    positions.columns[slot] = (group % groupsInARow) * groupSize + codes[slot];
  }
  return positions;
}

export const nOfMForm: WeightForm = {
  form: 'n-of-m',
  title: 'N of M',
  load: (shape, attributes, read) => NOfMWeight.load(shape, attributes, read),
};
