import type * as tf from '@tensorflow/tfjs';
import {
  decodedMatmul,
  decodedMatmulOfNormalized,
  decodedRows,
} from '../../engines/webgpu/kernels/products/decoded-matmul';
import type { DecodedMatrix } from '../../engines/webgpu/kernels/products/decoded-matrix';
import type { Epilogue } from '../../engines/webgpu/kernels/wgsl/epilogue';
import type { FoldedNorm } from '../../engines/webgpu/kernels/wgsl/folded-norm';
import type { LinearWeight, StoredTensor } from '../linear-weight';

/** Base class of formats whose kernels decode a row four weights at a time. */
export abstract class DecodedWeight implements LinearWeight {
  abstract readonly format: string;
  abstract readonly parameters: number;

  private knownMatrix: DecodedMatrix | undefined;

  protected constructor(readonly shape: readonly [number, number]) {}

  /** Creates the matrix for the kernels; called once. */
  protected abstract makeMatrix(): DecodedMatrix;
  abstract dense(): Promise<Float32Array>;
  abstract stored(): readonly StoredTensor[];
  abstract attributes(): Record<string, unknown>;
  abstract clone(): LinearWeight;
  abstract dispose(): void;

  get storedBytes(): number {
    return this.stored().reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  matmul(x: tf.Tensor2D, epilogue?: Epilogue): tf.Tensor2D {
    return decodedMatmul(x, this.matrix, epilogue);
  }

  matmulOfNormalized(x: tf.Tensor2D, norm: FoldedNorm, epilogue?: Epilogue): tf.Tensor2D {
    return decodedMatmulOfNormalized(x, this.matrix, norm, epilogue);
  }

  rows(ids: tf.Tensor1D): tf.Tensor2D {
    return decodedRows(ids, this.matrix);
  }

  private get matrix(): DecodedMatrix {
    return (this.knownMatrix ??= this.makeMatrix());
  }
}
