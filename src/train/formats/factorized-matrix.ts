import type * as tf from '@tensorflow/tfjs';
import type { LinearWeight } from '../../weights/linear-weight';
import type { MakeTrainable } from '../trainable-format';
import type { TrainableMatrix, TrainableTensor } from '../trainable-matrix';

/** Builds a matrix from its factors, using ops that tfjs's tape differentiates. */
export type CombineFactors = (factors: readonly tf.Tensor2D[]) => tf.Tensor2D;

/** Matrix built from smaller matrices that each train in their own format. */
export class FactorizedMatrix implements TrainableMatrix {
  readonly shape: readonly [number, number];
  readonly parameters: readonly TrainableTensor[];

  /** Takes ownership of all arguments. @param template weight whose factors, in order, are replaced by the trained ones */
  private constructor(
    private readonly template: LinearWeight,
    private readonly factors: readonly TrainableMatrix[],
    private readonly combine: CombineFactors,
    private readonly tables: readonly tf.Tensor[],
  ) {
    this.shape = template.shape;
    this.parameters = factors.flatMap(({ parameters }) => parameters);
  }

  /**
   * @param weight in a format with factors
   * @param tables constant tensors that `combine` reads, owned from here on
   */
  static async of(
    weight: LinearWeight,
    name: string,
    trainFactor: MakeTrainable,
    combine: CombineFactors,
    tables: readonly tf.Tensor[] = [],
  ): Promise<FactorizedMatrix> {
    const factors: TrainableMatrix[] = [];
    try {
      for (const factor of weight.factors!)
        factors.push(await trainFactor(factor.weight, `${name}.${factor.name}`));
    } catch (error) {
      for (const owned of [...factors, ...tables]) owned.dispose();
      throw error;
    }
    return new FactorizedMatrix(weight.clone(), factors, combine, tables);
  }

  dense(): tf.Tensor2D {
    return this.combine(this.factors.map((factor) => factor.dense()));
  }

  async toWeight(): Promise<LinearWeight> {
    const weights: LinearWeight[] = [];
    try {
      for (const factor of this.factors) weights.push(await factor.toWeight());
      return await this.template.withFactors!(weights);
    } catch (error) {
      for (const weight of weights) weight.dispose();
      throw error;
    }
  }

  dispose(): void {
    this.template.dispose();
    for (const owned of [...this.factors, ...this.tables]) owned.dispose();
  }
}
