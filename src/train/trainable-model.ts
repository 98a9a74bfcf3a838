import type * as tf from '@tensorflow/tfjs';
import { type DifferentiableLinear, linearOf } from '../model/gradients/differentiable-linear';
import type { DifferentiableWeights } from '../model/gradients/differentiable-weights';
import type { Model, ModelConfig } from '../model/model';
import type { LinearWeight } from '../weights/linear-weight';
import { copyTensor } from './copy-tensor';
import { ConstantMatrix } from './formats/constant-matrix';
import { type MatrixOverride, trainableMatrix } from './trainable-formats';
import type { TrainableMatrix, TrainableTensor } from './trainable-matrix';

export interface TrainableModelOptions {
  /** Selects the modules and vectors that train, by name; absent: all. Others are constant. */
  trains?(name: string): boolean;
  /**
   * Replaces the trainable matrix of a weight (fake quantization, a mask that changes); called for each module, and, if it
   * returns none, for each of the weight's factors, named `<module>.<factor>`.
   */
  readonly matrixOf?: MatrixOverride;
}

/**
 * Copy of a model in training: each matrix in its own format, and all vectors. Owns its tensors, which an optimizer changes in
 * place.
 */
export class TrainableModel implements DifferentiableWeights {
  /** Parameters of all matrices, in the model's order, then of all vectors. */
  readonly parameters: readonly TrainableTensor[];
  /** Modules whose matrices do not train: they were not selected, or their format has no parameters. */
  readonly constantModules: readonly string[];
  /** Matrices materialized in the current step. */
  private materialized: Map<string, tf.Tensor2D> | undefined;

  private constructor(
    readonly config: ModelConfig,
    readonly matrices: ReadonlyMap<string, TrainableMatrix>,
    private readonly vectors: ReadonlyMap<string, tf.Tensor>,
    trains: (name: string) => boolean,
  ) {
    const vectorParameters = [...vectors]
      .filter(([name]) => trains(name))
      // Position embeddings are vectors of the model but matrices to an optimizer.
      .map(([name, tensor]) => ({ name, tensor, decays: tensor.rank > 1 }));
    this.parameters = [
      ...[...matrices.values()].flatMap(({ parameters }) => parameters),
      ...vectorParameters,
    ];
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
   * Runs one forward pass, on a tape or not, in which each matrix is materialized at most once. The dense matrices live in the
   * surrounding tidy.
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
   * Trained weights and vectors as a model that runs, is measured and exported like any other. The caller owns it.
   * @param like model of the same structure that provides everything else
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
