import * as tf from '@tensorflow/tfjs';
import { denseTensor } from '../../weights/dense-tensor';
import type { Model, ModelConfig } from '../model';
import { type DifferentiableLinear, linearOf } from './differentiable-linear';

/**
 * Weights of a model for its differentiable forward pass. The loss can be differentiated with respect to the tensors behind
 * them: dense matrices here; factors, or masked values, in a variant in training.
 */
export interface DifferentiableWeights {
  readonly config: ModelConfig;
  /** @param module transformers name, as in `Model.linears` */
  linear(module: string): DifferentiableLinear;
  /** @param tensor as in `Model.vectors` */
  vector(tensor: string): tf.Tensor;
}

/** Matrices of a model as dense tensors, which may be instances of `tf.Variable`. Owns its tensors. */
export class DenseParameters implements DifferentiableWeights {
  constructor(
    readonly config: ModelConfig,
    /** By module name, [out, in]. */
    readonly matrices: ReadonlyMap<string, tf.Tensor2D>,
    readonly vectors: ReadonlyMap<string, tf.Tensor>,
  ) {}

  /** Present values of a model in any format; dense ones share the model's buffers. The caller disposes. */
  static async of({ config, linears, vectors }: Model): Promise<DenseParameters> {
    const matrices = new Map<string, tf.Tensor2D>();
    try {
      for (const [module, weight] of linears) matrices.set(module, await denseTensor(weight));
    } catch (error) {
      tf.dispose([...matrices.values()]);
      throw error;
    }
    const cloned = [...vectors].map(([name, vector]) => [name, vector.clone()] as const);
    return new DenseParameters(config, matrices, new Map(cloned));
  }

  linear(module: string): DifferentiableLinear {
    return linearOf(this.matrices.get(module)!);
  }

  vector(tensor: string): tf.Tensor {
    return this.vectors.get(tensor)!;
  }

  dispose(): void {
    tf.dispose([...this.matrices.values(), ...this.vectors.values()]);
  }
}
