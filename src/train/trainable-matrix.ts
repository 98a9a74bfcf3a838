import type * as tf from '@tensorflow/tfjs';
import type { LinearWeight } from '../weights/linear-weight';

/** Tensor that training changes in place. */
export interface TrainableTensor {
  /** Unique within the model: a tensor's name, or a module's followed by its format's part ("….c_attn.left.weight"). */
  readonly name: string;
  readonly tensor: tf.Tensor;
  /** Whether weight decay applies: to matrices and factors, not to biases, norms, scales. */
  readonly decays: boolean;
}

/** Matrix of a model in training, in its own format. It owns its tensors. */
export interface TrainableMatrix {
  readonly shape: readonly [outputs: number, inputs: number];
  /** Tensors to differentiate with respect to; empty for a constant matrix. */
  readonly parameters: readonly TrainableTensor[];
  /**
   * Materializes the matrix, [out, in], using ops that tfjs's tape differentiates. A step does so once and multiplies by the
   * dense matrix: a batch has many more tokens than the factors have terms.
   */
  dense(): tf.Tensor2D;
  /** Trained weight in its original format (zeros stay zeros, codes stay codes). The caller owns it. */
  toWeight(): Promise<LinearWeight>;
  dispose(): void;
}
