import type * as tf from '@tensorflow/tfjs';
import type { LinearWeight } from '../weights/linear-weight';

/** A tensor that training changes in place. */
export interface TrainableTensor {
  /** Unique within the model: a tensor's name, or a module's with what its format calls the part ("….c_attn.left.weight"). */
  readonly name: string;
  readonly tensor: tf.Tensor;
  /** Whether weight decay acts on it: on matrices and factors, not on biases, norms, scales. */
  readonly decays: boolean;
}

/** One matrix of a model in training, in its own format. It owns its tensors. */
export interface TrainableMatrix {
  readonly shape: readonly [outputs: number, inputs: number];
  /** What gradients are taken by; empty for a format that stays as it is. */
  readonly parameters: readonly TrainableTensor[];
  /**
   * The matrix that the parameters make, [out, in], by ops that tfjs's tape differentiates. A step makes it once and
   * multiplies by it as a dense one: a batch has many more tokens than the factors have terms.
   */
  dense(): tf.Tensor2D;
  /** What was trained, in the format that it had (zeros stay zeros, codes are codes again). The caller owns it. */
  toWeight(): Promise<LinearWeight>;
  dispose(): void;
}
