import type * as tf from '@tensorflow/tfjs';
import { type DifferentiableLinear, linearOf } from '../model/gradients/differentiable-linear';
import type { DifferentiableWeights } from '../model/gradients/differentiable-weights';
import type { Model, ModelConfig } from '../model/model';
import type { LinearWeight } from '../weights/linear-weight';
import { copyTensor } from './copy-tensor';
import { ConstantMatrix } from './formats/constant-matrix';
import { type OwnMatrix, trainableMatrix } from './trainable-formats';
import type { TrainableMatrix, TrainableTensor } from './trainable-matrix';

export interface TrainableModelOptions {
  /** Which modules and vectors train, by name; absent: all. The others stay as they are. */
  trains?(name: string): boolean;
  /**
   * A method's own way to train a module's weight (fake quantization, a mask that changes), asked before the weight's format
   * is, and again for each of its factors, called `<module>.<factor>`, where it has none for the weight itself.
   */
  readonly matrixOf?: OwnMatrix;
}

/**
 * A model in training: each of its matrices in its own format, and all its vectors. A copy: the model that it was made of stays
 * as it is. Owns its tensors, which an optimizer changes in place.
 */
export class TrainableModel implements DifferentiableWeights {
  /** Of all matrices, in the order of the model's, then of all vectors. */
  readonly parameters: readonly TrainableTensor[];
  /** Modules whose matrices stay as they are: they were not to train, or their format has nothing that can. */
  readonly constantModules: readonly string[];
  /** What was materialized in the step that runs. */
  private materialized: Map<string, tf.Tensor2D> | undefined;

  private constructor(
    readonly config: ModelConfig,
    readonly matrices: ReadonlyMap<string, TrainableMatrix>,
    private readonly vectors: ReadonlyMap<string, tf.Tensor>,
    trains: (name: string) => boolean,
  ) {
    const ofVectors = [...vectors]
      .filter(([name]) => trains(name))
      // Position embeddings are vectors of the model and matrices to an optimizer.
      .map(([name, tensor]) => ({ name, tensor, decays: tensor.rank > 1 }));
    this.parameters = [...[...matrices.values()].flatMap(({ parameters }) => parameters), ...ofVectors];
    this.constantModules = [...matrices].flatMap(([module, { parameters }]) =>
      parameters.length === 0 ? [module] : [],
    );
  }

  static async of(model: Model, options: TrainableModelOptions = {}): Promise<TrainableModel> {
    const trains = (name: string) => options.trains?.(name) ?? true;
    const matrices = new Map<string, TrainableMatrix>();
    try {
      for (const [module, weight] of model.linears) {
        const matrix = trains(module)
          ? await trainableMatrix(weight, module, options.matrixOf)
          : await ConstantMatrix.of(weight);
        matrices.set(module, matrix);
      }
      const vectors = [...model.vectors].map(([name, vector]) => [name, copyTensor(vector)] as const);
      return new TrainableModel(model.config, matrices, new Map(vectors), trains);
    } catch (error) {
      for (const matrix of matrices.values()) matrix.dispose();
      throw error;
    }
  }

  /**
   * Runs one forward pass, on a tape or not: within it each matrix is materialized once, however often it is multiplied by.
   * The dense matrices live in the surrounding tidy.
   */
  inStep<T>(work: () => T): T {
    if (this.materialized) return work();
    this.materialized = new Map();
    try {
      return work();
    } finally {
      this.materialized = undefined;
    }
  }

  linear(module: string): DifferentiableLinear {
    return linearOf(this.dense(module));
  }

  vector(tensor: string): tf.Tensor {
    return this.vectors.get(tensor)!;
  }

  /**
   * The trained weights and vectors as a model that runs, is measured and exported like any other. The caller owns it.
   * @param like of the same structure: gives everything else
   */
  async toModel(like: Model): Promise<Model> {
    const linears = new Map<string, LinearWeight>();
    try {
      for (const [module, matrix] of this.matrices) linears.set(module, await matrix.toWeight());
    } catch (error) {
      for (const weight of linears.values()) weight.dispose();
      throw error;
    }
    const vectors = [...this.vectors].map(([name, vector]) => [name, copyTensor(vector)] as const);
    return like.withStructure(like.config.structure, linears, new Map(vectors));
  }

  dispose(): void {
    for (const owned of [...this.matrices.values(), ...this.vectors.values()]) owned.dispose();
  }

  private dense(module: string): tf.Tensor2D {
    const known = this.materialized?.get(module);
    if (known && !known.isDisposed) return known;
    const dense = this.matrices.get(module)!.dense();
    this.materialized?.set(module, dense);
    return dense;
  }
}
