import type * as tf from '@tensorflow/tfjs';
import { type DecodedMatrix, decodedMatmul, decodedRows } from '../kernels/decoded-matmul';
import type { LinearWeight, StoredTensor } from './linear-weight';

/** What the forms share whose kernels decode a row four weights at a time. */
export abstract class DecodedWeight implements LinearWeight {
  abstract readonly form: string;
  abstract readonly parameters: number;

  protected constructor(readonly shape: readonly [number, number]) {}

  /** The matrix as the kernels take it. */
  protected abstract readonly matrix: DecodedMatrix;
  abstract dense(): Promise<Float32Array>;
  abstract stored(): readonly StoredTensor[];
  abstract attributes(): Record<string, unknown>;
  abstract clone(): LinearWeight;
  abstract dispose(): void;

  get storedBytes(): number {
    return this.stored().reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  matmul(x: tf.Tensor2D): tf.Tensor2D {
    return decodedMatmul(x, this.matrix);
  }

  rows(ids: tf.Tensor1D): tf.Tensor2D {
    return decodedRows(ids, this.matrix);
  }
}
