import type * as tf from '@tensorflow/tfjs';
import type { Epilogue } from '../../engines/webgpu/kernels/wgsl/epilogue';
import { factorAttributes, storedFactors, totalOfFactors } from '../composite-storage';
import type { LinearWeight, NamedFactor, StoredTensor } from '../linear-weight';

/** Base class of formats that are a product of smaller matrices and store nothing else. */
export abstract class FactorizedWeight implements LinearWeight {
  abstract readonly format: string;
  abstract readonly shape: readonly [number, number];
  readonly isProduct = true;

  /** @param factors owned from here on */
  protected constructor(readonly factors: readonly NamedFactor[]) {}

  abstract matmul(x: tf.Tensor2D, epilogue?: Epilogue): tf.Tensor2D;
  abstract rows(ids: tf.Tensor1D): tf.Tensor2D;
  abstract dense(): Promise<Float32Array>;
  abstract withFactors(factors: readonly LinearWeight[]): LinearWeight;
  /** Attributes needed for loading besides the factors. */
  protected abstract ownAttributes(): Record<string, unknown>;

  get storedBytes(): number {
    return totalOfFactors(this.factors).storedBytes;
  }

  get parameters(): number {
    return totalOfFactors(this.factors).parameters;
  }

  stored(): readonly StoredTensor[] {
    return storedFactors(this.factors);
  }

  attributes(): Record<string, unknown> {
    return { ...this.ownAttributes(), factors: factorAttributes(this.factors) };
  }

  clone(): LinearWeight {
    return this.withFactors(this.factors.map(({ weight }) => weight.clone()));
  }

  dispose(): void {
    for (const { weight } of this.factors) weight.dispose();
  }
}
