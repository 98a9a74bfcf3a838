import type * as tf from '@tensorflow/tfjs';
import { uploadTensor } from '../../engines/webgpu/transfer';
import { ParameterSnapshot } from '../../train/parameter-snapshot';
import type { TrainableMatrix, TrainableTensor } from '../../train/trainable-matrix';
import type { LinearWeight } from '../../weights/linear-weight';

/** A matrix that trains from some step on; until then another is used in its place. */
export class WaitingMatrix implements TrainableMatrix {
  readonly shape: readonly [number, number];
  readonly parameters: readonly TrainableTensor[];
  private readonly initial: ParameterSnapshot;
  private stoodInFor = true;

  private constructor(
    private readonly inner: TrainableMatrix,
    private readonly standIn: tf.Tensor2D,
  ) {
    this.shape = inner.shape;
    this.parameters = inner.parameters;
    this.initial = new ParameterSnapshot(inner.parameters);
    this.initial.save();
  }

  /**
   * @param inner trainable matrix, owned from here on
   * @param standIn of the same shape, in any format
   */
  static async of(inner: TrainableMatrix, standIn: LinearWeight): Promise<WaitingMatrix> {
    try {
      const values = uploadTensor(await standIn.dense(), [...inner.shape]);
      return new WaitingMatrix(inner, values);
    } catch (error) {
      inner.dispose();
      throw error;
    }
  }

  /** Whether its turn has come. The stand-in has no gradient. */
  set isWaiting(waiting: boolean) {
    this.stoodInFor = waiting;
  }

  /** Restores the initial values of the parameters, since weight decay also changes waiting ones. */
  putBack(): void {
    this.initial.restore();
  }

  dense(): tf.Tensor2D {
    return this.stoodInFor ? this.standIn.clone() : this.inner.dense();
  }

  toWeight(): Promise<LinearWeight> {
    return this.inner.toWeight();
  }

  dispose(): void {
    this.inner.dispose();
    this.standIn.dispose();
    this.initial.dispose();
  }
}
