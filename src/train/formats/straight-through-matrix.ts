import type * as tf from '@tensorflow/tfjs';
import { differentiableOp } from '../../engines/webgpu/differentiable-op';
import { fakeQuantize, type QuantizationNoise } from '../../engines/webgpu/kernels/training/fake-quantize';
import { isSparse, type LinearWeight } from '../../weights/linear-weight';
import { codeSpan, greatestCode, leastCode, type QuantizationScheme } from '../../weights/quantization';
import { quantizeWeight } from '../../weights/quantize-weight';
import type { TrainableMatrix, TrainableTensor } from '../trainable-matrix';
import { DenseMatrix } from './dense-matrix';
import { MaskedMatrix } from './masked-matrix';

/**
 * Quantization-aware training: the forward pass uses quantized values, with scales computed from the latent values at each
 * step, and the gradient passes to the latent values unchanged (Bengio et al. 2013, section 4; Jacob et al. 2018, section 3).
 * With noise only a random share of blocks is quantized in a step (Fan et al. 2020, "Training with Quantization Noise for
 * Extreme Model Compression", section 4).
 */
export class StraightThroughMatrix implements TrainableMatrix {
  readonly shape: readonly [number, number];
  readonly parameters: readonly TrainableTensor[];
  private noise: QuantizationNoise | undefined;

  /** @param latent values before rounding, dense or masked, owned from here on */
  constructor(
    private readonly latent: TrainableMatrix,
    private readonly scheme: QuantizationScheme,
  ) {
    this.shape = latent.shape;
    this.parameters = latent.parameters;
  }

  /**
   * Starts from the present values of a weight. Zeros of a sparse float32 weight stay masked.
   * @param name module or factor
   */
  static async of(
    weight: LinearWeight,
    name: string,
    scheme: QuantizationScheme,
  ): Promise<StraightThroughMatrix> {
    const isMasked = isSparse(weight) && !weight.storesCodes;
    const latent = isMasked ? await MaskedMatrix.of(weight, name) : await DenseMatrix.of(weight, name);
    return new StraightThroughMatrix(latent, scheme);
  }

  /** Restricts quantization to these blocks; absent: all blocks. */
  setNoise(noise: QuantizationNoise | undefined): void {
    this.noise = noise;
  }

  dense(): tf.Tensor2D {
    const { bits, symmetric } = this.scheme;
    const codes = {
      symmetric,
      least: leastCode({ bits, symmetric }),
      greatest: greatestCode({ bits, symmetric }),
      span: codeSpan(this.scheme),
    };
    const latent = this.latent.dense();
    const [y] = differentiableOp(
      { latent },
      () => [fakeQuantize(latent, this.valuesPerScale, codes, this.noise)],
      ([change]) => ({ latent: () => change.clone() }),
    );
    return y as tf.Tensor2D;
  }

  /** Latent values rounded to nearest, regardless of noise. */
  async toWeight(): Promise<LinearWeight> {
    const latent = await this.latent.toWeight();
    try {
      return await quantizeWeight(latent, await latent.dense(), this.scheme);
    } finally {
      latent.dispose();
    }
  }

  dispose(): void {
    this.latent.dispose();
  }

  /** Number of consecutive values that share a scale. */
  private get valuesPerScale(): number {
    const { strategy, groupSize } = this.scheme;
    const [rows, width] = this.shape;
    if (strategy === 'tensor') return rows * width;
    return strategy === 'group' ? groupSize! : width;
  }
}
