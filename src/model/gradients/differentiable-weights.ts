import * as tf from '@tensorflow/tfjs';
import { uploadTensor } from '../../engines/webgpu/transfer';
import { DenseWeight } from '../../weights/formats/dense-weight';
import type { LinearWeight } from '../../weights/linear-weight';
import type { Model, ModelConfig } from '../model';
import { type DifferentiableLinear, linearOf } from './differentiable-linear';

/**
 * The weights of a model as its differentiable forward pass asks for them. What the loss can be differentiated by is
 * whatever tensors stand behind them: dense matrices here; factors, or values under a mask, where a variant is trained.
 */
export interface DifferentiableWeights {
  readonly config: ModelConfig;
  /** @param module name of the transformers library, as in `Model.linears` */
  linear(module: string): DifferentiableLinear;
  /** @param tensor as in `Model.vectors` */
  vector(tensor: string): tf.Tensor;
}

/** Every matrix of a model as one dense tensor, which may be a `tf.Variable`. Owns its tensors. */
export class DenseParameters implements DifferentiableWeights {
  constructor(
    readonly config: ModelConfig,
    /** By module name, [out, in]. */
    readonly matrices: ReadonlyMap<string, tf.Tensor2D>,
    readonly vectors: ReadonlyMap<string, tf.Tensor>,
  ) {}

  /** The values that a model has now, in whatever format; dense ones share the model's buffers. The caller disposes. */
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

async function denseTensor(weight: LinearWeight): Promise<tf.Tensor2D> {
  if (weight instanceof DenseWeight && weight.values) return weight.values.clone() as tf.Tensor2D;
  return uploadTensor(await weight.dense(), [...weight.shape]) as tf.Tensor2D;
}
