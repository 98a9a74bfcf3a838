import { quantizedMatrix } from '../kernels/decoded-matmul';
import { DecodedWeight } from './decoded-weight';
import type { StoredTensor, WeightForm } from './linear-weight';
import { PackedValues, type SlotPositions } from './packed-values';
import { chooseGrid, type QuantizationScheme } from './quantization';

/** Every weight as an 8- or 4-bit code; a row begins at a whole 32-bit word. */
export class QuantizedWeight extends DecodedWeight {
  readonly form = 'quantized';
  readonly parameters: number;

  private constructor(
    shape: readonly [number, number],
    private readonly values: PackedValues,
  ) {
    super(shape);
    this.parameters = shape[0] * shape[1];
  }

  /** @param values row-major [out, in] */
  static fromValues(
    values: Float32Array,
    shape: readonly [number, number],
    scheme: QuantizationScheme,
  ): QuantizedWeight {
    const grid = chooseGrid(values, shape, scheme);
    const positions = paddedPositions(shape, scheme.bits);
    const slots = Float32Array.from(positions.rows, (row, slot) =>
      row < 0 ? 0 : values[row * shape[1] + positions.columns[slot]],
    );
    return new QuantizedWeight(shape, PackedValues.quantized(slots, positions, grid, shape[1]));
  }

  static async load(
    shape: readonly [number, number],
    ...[attributes, read]: LoadArguments
  ): Promise<QuantizedWeight> {
    const { bits } = attributes.values as { bits: number };
    const count = shape[0] * slotsInARow(shape[1], bits);
    return new QuantizedWeight(shape, await PackedValues.load(count, shape[1], attributes.values, read));
  }

  protected get matrix() {
    return quantizedMatrix(this.values.buffers, this.shape);
  }

  async dense(): Promise<Float32Array> {
    const positions = paddedPositions(this.shape, this.values.bits);
    const slots = await this.values.read(positions);
    return slots.filter((_, slot) => positions.rows[slot] >= 0);
  }

  stored(): readonly StoredTensor[] {
    return this.values.stored();
  }

  attributes(): Record<string, unknown> {
    return { values: this.values.attributes() };
  }

  clone(): QuantizedWeight {
    return new QuantizedWeight(this.shape, this.values.clone());
  }

  dispose(): void {
    this.values.dispose();
  }
}

type LoadArguments = [attributes: Record<string, unknown>, read: Parameters<WeightForm['load']>[2]];

function slotsInARow(width: number, bits: number): number {
  const perWord = 32 / bits;
  return Math.ceil(width / perWord) * perWord;
}

function paddedPositions([rows, width]: readonly [number, number], bits: number): SlotPositions {
  const slots = slotsInARow(width, bits);
  const positions = { rows: new Int32Array(rows * slots).fill(-1), columns: new Int32Array(rows * slots) };
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < width; column++) {
      positions.rows[row * slots + column] = row;
      positions.columns[row * slots + column] = column;
    }
  }
  return positions;
}

export const quantizedForm: WeightForm = {
  form: 'quantized',
  title: 'Quantized',
  load: (shape, attributes, read) => QuantizedWeight.load(shape, attributes, read),
};
