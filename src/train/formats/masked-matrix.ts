import * as tf from '@tensorflow/tfjs';
import { readFloats, uploadTensor, writeElements } from '../../engines/webgpu/transfer';
import type { LinearWeight, SparseStorage, SparsityPattern } from '../../weights/linear-weight';
import type { TrainableMatrix, TrainableTensor } from '../trainable-matrix';
import { QuantizedMatrix } from './quantized-matrix';

/** values ⊙ mask. Masked values have no gradient and are 0 in the resulting weight. */
export class MaskedMatrix implements TrainableMatrix {
  readonly shape: readonly [number, number];
  readonly parameters: readonly TrainableTensor[];

  private constructor(
    /** Unmasked values [out, in]: masked ones do not change, except by an optimizer's momentum and decay. */
    readonly values: tf.Tensor2D,
    /** [out, in], 1 for kept values, 0 elsewhere. */
    readonly mask: tf.Tensor2D,
    private readonly pattern: SparsityPattern,
    name: string,
  ) {
    this.shape = values.shape;
    this.parameters = [{ name: `${name}.values`, tensor: values, decays: true }];
  }

  /**
   * @param values row-major [out, in]; @param mask 1 for kept values, 0 elsewhere
   * @param name module or factor
   */
  static fromValues(
    values: Float32Array,
    mask: Float32Array,
    shape: readonly [number, number],
    pattern: SparsityPattern,
    name: string,
  ): MaskedMatrix {
    const [values2D, mask2D] = [values, mask].map((data) => uploadTensor(data, [...shape]));
    return new MaskedMatrix(values2D, mask2D, pattern, name);
  }

  /** Masks a sparse weight: the mask keeps every stored value, zeros included. */
  static async of(weight: SparseStorage, name: string): Promise<MaskedMatrix> {
    const mask = await weight.storedPlaces();
    return MaskedMatrix.fromValues(await weight.dense(), mask, weight.shape, weight.pattern, name);
  }

  /** Any weight with a mask that keeps everything. @param pattern of later masks */
  static async unmasked(weight: LinearWeight, pattern: SparsityPattern, name: string): Promise<MaskedMatrix> {
    const values = await weight.dense();
    const mask = new Float32Array(values.length).fill(1);
    return MaskedMatrix.fromValues(values, mask, weight.shape, pattern, name);
  }

  /**
   * Replaces the mask; values that return have their value in `values`.
   * @param mask row-major [out, in], 1 for kept values, 0 elsewhere
   */
  setMask(mask: Float32Array): void {
    writeElements(this.mask, 0, mask);
  }

  /** Mask, row-major [out, in]. */
  readMask(): Promise<Float32Array> {
    return readFloats(this.mask);
  }

  dense(): tf.Tensor2D {
    return tf.mul(this.values, this.mask);
  }

  /** @throws Error if the mask keeps more than the pattern allows */
  async toWeight(): Promise<LinearWeight> {
    const mask = await readFloats(this.mask);
    const values = await readFloats(this.values);
    const kept = values.map((value, index) => (mask[index] ? value : 0));
    return this.pattern.store(kept, mask, this.shape);
  }

  dispose(): void {
    tf.dispose([this.values, this.mask]);
  }
}

/** Trains the scales of quantized values, and float32 values directly. */
export function sparseMatrix(weight: SparseStorage, name: string): Promise<TrainableMatrix> {
  return weight.storesCodes ? QuantizedMatrix.of(weight, name) : MaskedMatrix.of(weight, name);
}
