import type { DecodedMatrix } from '../../engines/webgpu/kernels/products/decoded-matrix';
import { slotsInARow } from '../../engines/webgpu/kernels/formats/packed-values';
import { quantizedMatrix } from '../../engines/webgpu/kernels/formats/quantized-matrix';
import { DecodedWeight } from './decoded-weight';
import type { StoredTensor, WeightFormat } from '../linear-weight';
import { PackedValues, type SlotWalk, valueBits } from '../packed-values';
import { type Bits, chooseGrid, type QuantizationGrid, type QuantizationScheme } from '../quantization';
import type { TensorReader } from '../stored-words';

type Shape = readonly [number, number];

/** Dense codes of 8, 4, 3 or 2 bits; a row begins at a 32-bit word (for 3 bits, at every third). */
export class QuantizedWeight extends DecodedWeight {
  readonly format = 'quantized';
  readonly parameters: number;

  private constructor(
    shape: Shape,
    private readonly values: PackedValues,
  ) {
    super(shape);
    this.parameters = shape[0] * shape[1];
  }

  /** @param values row-major [out, in] */
  static fromValues(values: Float32Array, shape: Shape, scheme: QuantizationScheme): QuantizedWeight {
    return QuantizedWeight.fromGrid(values, shape, chooseGrid(values, shape, scheme));
  }

  /**
   * Quantizes by a given grid: values on it are restored exactly, others are rounded to the nearest.
   * @param values row-major [out, in]
   */
  static fromGrid(values: Float32Array, shape: Shape, grid: QuantizationGrid): QuantizedWeight {
    const count = shape[0] * slotsInARow(shape[1], grid.bits);
    const walk = paddedRows(shape, grid.bits);
    return new QuantizedWeight(shape, PackedValues.quantized(values, shape, { count, walk, grid }));
  }

  static async load(
    shape: Shape,
    attributes: Record<string, unknown>,
    read: TensorReader,
  ): Promise<QuantizedWeight> {
    const count = shape[0] * slotsInARow(shape[1], valueBits(attributes.values));
    return new QuantizedWeight(shape, await PackedValues.load(count, shape, attributes.values, read));
  }

  protected makeMatrix(): DecodedMatrix {
    return quantizedMatrix(this.values.buffers, this.shape);
  }

  dense(): Promise<Float32Array> {
    return this.values.toMatrix(paddedRows(this.shape, this.values.bits));
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

/** Walks over a matrix row by row, with rows that begin at whole words. */
export function paddedRows([rows, width]: Shape, bits: 32 | Bits): SlotWalk {
  const slots = slotsInARow(width, bits);
  return (visit) => {
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < width; column++) visit(row * slots + column, row, column);
    }
  };
}

/** Four bits in groups of 32, the usual size, if that divides a row. */
function int4Of([, columns]: readonly [number, number]): QuantizationScheme {
  return { bits: 4, strategy: 'group', groupSize: columns % 32 === 0 ? 32 : 8, symmetric: true };
}

export const quantizedFormat: WeightFormat = {
  id: 'quantized',
  title: 'Quantized',
  samples: {
    int8: (values, shape) =>
      QuantizedWeight.fromValues(values, shape, { bits: 8, strategy: 'channel', symmetric: true }),
    int4: (values, shape) => QuantizedWeight.fromValues(values, shape, int4Of(shape)),
    'asymmetric int4': (values, shape) =>
      QuantizedWeight.fromValues(values, shape, { ...int4Of(shape), symmetric: false }),
  },
  load: QuantizedWeight.load,
};
