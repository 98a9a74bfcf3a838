import * as tf from '@tensorflow/tfjs';
import { differentiableOp } from '../../engines/webgpu/differentiable-op';
import { readFloats, uploadTensor } from '../../engines/webgpu/transfer';
import { stridedSumsOfProducts } from '../../engines/webgpu/kernels/contraction/strided-sums';
import type { LinearWeight } from '../../weights/linear-weight';
import { readStoredFloats, withStoredValues } from '../stored-tensors';
import type { TrainableFormat } from '../trainable-format';
import type { TrainableMatrix, TrainableTensor } from '../trainable-matrix';

/**
 * Codes, zero points and the pattern of what is stored stay; the scales train. What is trained of a scale is the factor by which
 * it changes, 1 at the start: an optimizer whose steps have a length of their own, as Adam's have, would throw scales of
 * 10⁻⁴ far off.
 */
export class QuantizedMatrix implements TrainableMatrix {
  readonly shape: readonly [number, number];
  readonly parameters: readonly TrainableTensor[];

  /** All owned from here on. @param values [out, in], of the scales at the start; @param factors [scales] */
  private constructor(
    private readonly weight: LinearWeight,
    private readonly values: tf.Tensor2D,
    private readonly factors: tf.Tensor1D,
    name: string,
  ) {
    this.shape = weight.shape;
    this.parameters = [{ name: `${name}.scales`, tensor: factors, decays: false }];
  }

  /** @param weight that stores `scales`, each of equally many elements in a row, row by row */
  static async of(weight: LinearWeight, name: string): Promise<QuantizedMatrix> {
    const { length } = await readStoredFloats(weight, 'scales');
    const values = uploadTensor(await weight.dense(), [...weight.shape]) as tf.Tensor2D;
    const factors = uploadTensor(new Float32Array(length).fill(1), [length]) as tf.Tensor1D;
    return new QuantizedMatrix(weight.clone(), values, factors, name);
  }

  dense(): tf.Tensor2D {
    return scaleRuns(this.values, this.factors);
  }

  async toWeight(): Promise<LinearWeight> {
    const scales = await readStoredFloats(this.weight, 'scales');
    const factors = await readFloats(this.factors);
    return withStoredValues(
      this.weight,
      'scales',
      scales.map((scale, index) => scale * factors[index]),
    );
  }

  dispose(): void {
    this.weight.dispose();
    tf.dispose([this.values, this.factors]);
  }
}

/** Multiplies equally long runs of elements by a factor each. @param values constant, [rows, columns] */
function scaleRuns(values: tf.Tensor2D, factors: tf.Tensor1D): tf.Tensor2D {
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

export const quantizedFormat: TrainableFormat = { id: 'quantized', of: QuantizedMatrix.of };

/** The scales of the rows train; those of the inputs stay, since tokens are rounded by them. */
export const w8a8Format: TrainableFormat = { id: 'w8a8', of: QuantizedMatrix.of };
