import * as tf from '@tensorflow/tfjs';
import { readFloats, uploadTensor } from '../../engines/webgpu/transfer';
import { decodedMatmul, decodedRows } from '../../engines/webgpu/kernels/products/decoded-matmul';
import type { DecodedMatrix } from '../../engines/webgpu/kernels/products/decoded-matrix';
import type { Epilogue } from '../../engines/webgpu/kernels/wgsl/epilogue';
import { int8Matmul, prefersIntegers } from '../../engines/webgpu/kernels/products/int8-matmul';
import { slotsInARow } from '../../engines/webgpu/kernels/formats/packed-values';
import { quantizedMatrix } from '../../engines/webgpu/kernels/formats/quantized-matrix';
import { quantizeTokens, roundTokens } from '../../engines/webgpu/kernels/products/quantize-tokens';
import { scaleColumns } from '../../engines/webgpu/kernels/formats/scale-columns';
import type { LinearWeight, StoredTensor, WeightFormat } from '../linear-weight';
import { PackedValues } from '../packed-values';
import { chooseGrid } from '../quantization';
import { paddedRows } from './quantized-weight';
import { readWords, storedTensor } from '../stored-words';

type Shape = readonly [number, number];

const BITS = 8;

/**
 * Weights and activations as 8-bit integers: W = codes · diag(inputScales) with one scale per output row; each token becomes
 * x ⊙ inputScales, rounded to codes relative to its greatest magnitude, so that the product is one of integers. Rounding the
 * activations affects only `matmul`; `dense` and `rows` return the weights.
 */
export class W8A8Weight implements LinearWeight {
  readonly format = 'w8a8';
  readonly parameters: number;

  private knownMatrix: DecodedMatrix | undefined;

  private constructor(
    readonly shape: Shape,
    private readonly values: PackedValues,
    private readonly inputScales: tf.Tensor,
  ) {
    this.parameters = shape[0] * shape[1];
  }

  /**
   * @param values row-major [out, in], of the scaled matrix W · diag(1 / inputScales)
   * @param inputScales [in]
   */
  static fromValues(values: Float32Array, shape: Shape, inputScales: Float32Array): W8A8Weight {
    const grid = chooseGrid(values, shape, { bits: BITS, strategy: 'channel', symmetric: true });
    const packed = PackedValues.quantized(values, shape, {
      count: slots(shape),
      walk: paddedRows(shape, BITS),
      grid,
    });
    return new W8A8Weight(shape, packed, uploadTensor(inputScales, [shape[1]]));
  }

  static async load(
    shape: Shape,
    _attributes: Record<string, unknown>,
    read: Parameters<WeightFormat['load']>[2],
  ): Promise<W8A8Weight> {
    const [, width] = shape;
    const layout = { bits: BITS, symmetric: true, perTensor: false, groupSize: width };
    const scales = await readWords(read, 'input_scales', width);
    const values = await PackedValues.load(slots(shape), shape, layout, read);
    return new W8A8Weight(shape, values, uploadTensor(new Float32Array(scales.buffer), [width]));
  }

  get storedBytes(): number {
    return this.stored().reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  matmul(x: tf.Tensor2D, epilogue?: Epilogue): tf.Tensor2D {
    const { data, scales } = this.values.buffers;
    return tf.tidy(() => {
      if (!prefersIntegers(x.shape[0]))
        return decodedMatmul(roundTokens(x, this.inputScales), this.matrix, epilogue);
      const tokens = quantizeTokens(x, this.inputScales);
      return int8Matmul(tokens, { shape: this.shape, codes: data, scales: scales! }, epilogue);
    });
  }

  rows(ids: tf.Tensor1D): tf.Tensor2D {
    return tf.tidy(() => scaleColumns(decodedRows(ids, this.matrix), this.inputScales));
  }

  async dense(): Promise<Float32Array> {
    const scales = await readFloats(this.inputScales);
    const values = await this.values.toMatrix(paddedRows(this.shape, BITS));
    return values.map((value, index) => value * scales[index % scales.length]);
  }

  stored(): readonly StoredTensor[] {
    return [storedTensor('input_scales', 'F32', this.inputScales), ...this.values.stored()];
  }

  attributes(): Record<string, unknown> {
    return {};
  }

  clone(): W8A8Weight {
    return new W8A8Weight(this.shape, this.values.clone(), this.inputScales.clone());
  }

  dispose(): void {
    this.values.dispose();
    this.inputScales.dispose();
  }

  /** The scaled matrix, for kernels that decode it. */
  private get matrix(): DecodedMatrix {
    return (this.knownMatrix ??= quantizedMatrix(this.values.buffers, this.shape));
  }
}

/** Number of slots in all rows, each beginning at a whole word. */
function slots([rows, width]: Shape): number {
  return rows * slotsInARow(width, BITS);
}

export const w8a8Format: WeightFormat = {
  id: 'w8a8',
  title: 'int8 weights and activations',
  samples: {
    'int8 weights and activations': (values, shape) =>
      W8A8Weight.fromValues(values, shape, new Float32Array(shape[1]).fill(1)),
  },
  // Each activation is rounded to one of 255 steps.
  productTolerance: 0.02,
  load: W8A8Weight.load,
};
