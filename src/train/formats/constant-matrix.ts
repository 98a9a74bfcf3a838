import type * as tf from '@tensorflow/tfjs';
import { denseTensor } from '../../weights/dense-tensor';
import type { LinearWeight } from '../../weights/linear-weight';
import type { TrainableMatrix, TrainableTensor } from '../trainable-matrix';

/** Matrix that does not train. */
export class ConstantMatrix implements TrainableMatrix {
  readonly shape: readonly [number, number];
  readonly parameters: readonly TrainableTensor[] = [];

  private constructor(
    private readonly weight: LinearWeight,
    private readonly values: tf.Tensor2D,
  ) {
    this.shape = weight.shape;
  }

  /** Shares the buffer of a dense weight; materializes other formats once. */
  static async of(weight: LinearWeight): Promise<ConstantMatrix> {
    const values = await denseTensor(weight);
    return new ConstantMatrix(weight.clone(), values);
  }

  dense(): tf.Tensor2D {
    return this.values;
  }

  toWeight(): Promise<LinearWeight> {
    return Promise.resolve(this.weight.clone());
  }

  dispose(): void {
    this.values.dispose();
    this.weight.dispose();
  }
}
