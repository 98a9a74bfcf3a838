import type * as tf from '@tensorflow/tfjs';
import { differentiableOp } from '../../engines/webgpu/differentiable-op';
import { readFloats, uploadTensor } from '../../engines/webgpu/transfer';
import { scaleColumns } from '../../engines/webgpu/kernels/formats/scale-columns';
import { stridedSumsOfProducts } from '../../engines/webgpu/kernels/contraction/strided-sums';
import type { LinearWeight } from '../../weights/linear-weight';
import { ScaledWeight } from '../../weights/formats/scaled-weight';
import { readStoredFloats } from '../stored-tensors';
import type { TrainableFormat } from '../trainable-format';
import type { TrainableMatrix, TrainableTensor } from '../trainable-matrix';

/** inner · diag(input scales); both train. */
class ScaledMatrix implements TrainableMatrix {
  readonly shape: readonly [number, number];
  readonly parameters: readonly TrainableTensor[];

  /** Takes ownership of both. @param scales [in] */
  constructor(
    private readonly inner: TrainableMatrix,
    private readonly scales: tf.Tensor1D,
    name: string,
  ) {
    this.shape = inner.shape;
    this.parameters = [{ name: `${name}.input_scales`, tensor: scales, decays: false }, ...inner.parameters];
  }

  dense(): tf.Tensor2D {
    return timesScales(this.inner.dense(), this.scales);
  }

  async toWeight(): Promise<LinearWeight> {
    return ScaledWeight.fromScales(await readFloats(this.scales), await this.inner.toWeight());
  }

  dispose(): void {
    this.inner.dispose();
    this.scales.dispose();
  }
}

/** x · diag(scales). */
function timesScales(x: tf.Tensor2D, scales: tf.Tensor1D): tf.Tensor2D {
  const [rows, columns] = x.shape;
  const [y] = differentiableOp(
    { x, scales },
    (save) => {
      save([x, scales]);
      return [scaleColumns(x, scales)];
    },
    ([change], [x, scales]) => ({
      x: () => scaleColumns(change as tf.Tensor2D, scales),
      scales: () =>
        stridedSumsOfProducts(change, x, { sums: columns, terms: rows, stride: 1, step: columns }),
    }),
  );
  return y as tf.Tensor2D;
}

export const scaledFormat: TrainableFormat = {
  id: 'scaled',
  async of(weight, name, trainFactor) {
    const [{ name: factor, weight: inner }] = weight.factors!;
    const scales = await readStoredFloats(weight, 'input_scales');
    const trainable = await trainFactor(inner, `${name}.${factor}`);
    return new ScaledMatrix(trainable, uploadTensor(scales, [scales.length]), name);
  },
};
