import type * as tf from '@tensorflow/tfjs';
import { readFloats, uploadTensor } from '../../engines/webgpu/transfer';
import { DenseWeight } from '../../weights/formats/dense-weight';
import type { LinearWeight } from '../../weights/linear-weight';
import { copyTensor } from '../copy-tensor';
import type { TrainableFormat } from '../trainable-format';
import type { TrainableMatrix, TrainableTensor } from '../trainable-matrix';

/** Dense matrix whose values all train. */
export class DenseMatrix implements TrainableMatrix {
  readonly shape: readonly [number, number];
  readonly parameters: readonly TrainableTensor[];

  /** @param values [out, in], owned from here on; @param name module or factor */
  constructor(
    private readonly values: tf.Tensor2D,
    name: string,
  ) {
    this.shape = values.shape;
    this.parameters = [{ name: `${name}.weight`, tensor: values, decays: true }];
  }

  /** Copies the present values of a weight in any format. */
  static async of(weight: LinearWeight, name: string): Promise<DenseMatrix> {
    return new DenseMatrix(await valuesOf(weight), name);
  }

  dense(): tf.Tensor2D {
    return this.values;
  }

  async toWeight(): Promise<LinearWeight> {
    return DenseWeight.fromValues(await readFloats(this.values), this.shape);
  }

  dispose(): void {
    this.values.dispose();
  }
}

/** Values [out, in] in a new buffer. */
async function valuesOf(weight: LinearWeight): Promise<tf.Tensor2D> {
  if (weight.denseValues) return copyTensor(weight.denseValues);
  return uploadTensor(await weight.dense(), [...weight.shape]);
}

export const denseFormat: TrainableFormat = {
  id: 'dense',
  of: (weight, name) => DenseMatrix.of(weight, name),
};
