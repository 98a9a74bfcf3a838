import * as tf from '@tensorflow/tfjs';
import { differentiableOp } from '../../engines/webgpu/differentiable-op';
import { readFloats, uploadTensor } from '../../engines/webgpu/transfer';
import { stridedSumsOfProducts } from '../../engines/webgpu/kernels/contraction/strided-sums';
import type { LinearWeight, WeightFormat } from '../../weights/linear-weight';
import { readStoredFloats, withStoredValues } from '../stored-tensors';
import type { TrainableFormat } from '../trainable-format';
import type { TrainableMatrix, TrainableTensor } from '../trainable-matrix';

/**
 * Trains scales; codes, zero points and the sparsity pattern stay. The parameter of a scale is a factor that is 1 at the start:
 * an optimizer whose steps have a fixed length, such as Adam's, would throw scales of 10⁻⁴ far off.
 */
export class QuantizedMatrix implements TrainableMatrix {
  readonly shape: readonly [number, number];
  readonly parameters: readonly TrainableTensor[];

  /** Takes ownership of all arguments. @param values [out, in] at the initial scales; @param factors [scales] */
  private constructor(
    private readonly weight: LinearWeight,
    private readonly values: tf.Tensor2D,
    private readonly factors: tf.Tensor1D,
    name: string,
    private readonly load?: WeightFormat['load'],
  ) {
    this.shape = weight.shape;
    this.parameters = [{ name: `${name}.scales`, tensor: factors, decays: false }];
  }

  /**
   * @param weight stores `scales`, each for the same number of consecutive elements, row by row
   * @param load loads its format; default: the registry's loader
   */
  static async of(weight: LinearWeight, name: string, load?: WeightFormat['load']): Promise<QuantizedMatrix> {
    const { length } = await readStoredFloats(weight, 'scales');
    const values = uploadTensor(await weight.dense(), [...weight.shape]);
    const factors = uploadTensor(new Float32Array(length).fill(1), [length]);
    return new QuantizedMatrix(weight.clone(), values, factors, name, load);
  }

  dense(): tf.Tensor2D {
    return scaleGroups(this.values, this.factors);
  }

  async toWeight(): Promise<LinearWeight> {
    const scales = await readStoredFloats(this.weight, 'scales');
    const factors = await readFloats(this.factors);
    return withStoredValues(
      this.weight,
      'scales',
      scales.map((scale, index) => scale * factors[index]),
      this.load,
    );
  }

  dispose(): void {
    this.weight.dispose();
    tf.dispose([this.values, this.factors]);
  }
}

/** Multiplies groups of consecutive elements, all equally long, by a factor each. @param values constant, [rows, columns] */
function scaleGroups(values: tf.Tensor2D, factors: tf.Tensor1D): tf.Tensor2D {
  const sums = factors.size;
  const terms = values.size / sums;
  const [y] = differentiableOp(
    { factors },
    () => {
      const scaled = tf.mul(tf.reshape(values, [sums, terms]), tf.reshape(factors, [sums, 1]));
      return [tf.reshape(scaled, values.shape)];
    },
    ([change]) => ({
      factors: () => stridedSumsOfProducts(change, values, { sums, terms, stride: terms, step: 1 }),
    }),
  );
  return y as tf.Tensor2D;
}

export const quantizedFormat: TrainableFormat = {
  id: 'quantized',
  of: (weight, name) => QuantizedMatrix.of(weight, name),
};

/** Trains the scales of the rows; those of the inputs stay, because activations are rounded by them. */
export const w8a8Format: TrainableFormat = {
  id: 'w8a8',
  of: (weight, name) => QuantizedMatrix.of(weight, name),
};
