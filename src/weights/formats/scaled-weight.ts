import * as tf from '@tensorflow/tfjs';
import { readFloats, uploadTensor } from '../../engines/webgpu/transfer';
import type { Epilogue } from '../../engines/webgpu/kernels/wgsl/epilogue';
import { scaleColumns } from '../../engines/webgpu/kernels/formats/scale-columns';
import {
  factorAttributes,
  type FactorLoader,
  loadFactors,
  storedFactors,
  totalOfFactors,
} from '../composite-storage';
import type { LinearWeight, NamedFactor, StoredTensor, WeightFormat } from '../linear-weight';
import { QuantizedWeight } from './quantized-weight';
import { readWords, storedTensor } from '../stored-words';

/**
 * W = inner · diag(inputScales): inputs are scaled before the product with a matrix of any format, so that columns may be
 * quantized at a larger magnitude than in W.
 */
export class ScaledWeight implements LinearWeight {
  readonly format = 'scaled';
  readonly shape: readonly [number, number];
  readonly factors: readonly NamedFactor[];

  private constructor(
    private readonly inputScales: tf.Tensor,
    private readonly inner: LinearWeight,
  ) {
    this.shape = inner.shape;
    this.factors = [{ name: 'inner', weight: inner }];
  }

  /** @param inputScales [in]; @param inner [out, in], owned from here on */
  static fromScales(inputScales: Float32Array, inner: LinearWeight): ScaledWeight {
    return new ScaledWeight(uploadTensor(inputScales, [inputScales.length]), inner);
  }

  get storedBytes(): number {
    return totalOfFactors(this.factors).storedBytes + this.inputScales.size * 4;
  }

  get parameters(): number {
    return this.inner.parameters;
  }

  matmul(x: tf.Tensor2D, epilogue?: Epilogue): tf.Tensor2D {
    return tf.tidy(() => this.inner.matmul(scaleColumns(x, this.inputScales), epilogue));
  }

  rows(ids: tf.Tensor1D): tf.Tensor2D {
    return tf.tidy(() => scaleColumns(this.inner.rows(ids), this.inputScales));
  }

  async dense(): Promise<Float32Array> {
    const scales = await readFloats(this.inputScales);
    const inner = await this.inner.dense();
    return inner.map((value, index) => value * scales[index % scales.length]);
  }

  stored(): readonly StoredTensor[] {
    return [storedTensor('input_scales', 'F32', this.inputScales), ...storedFactors(this.factors)];
  }

  attributes(): Record<string, unknown> {
    return { factors: factorAttributes(this.factors) };
  }

  withFactors([inner]: readonly LinearWeight[]): ScaledWeight {
    return new ScaledWeight(this.inputScales.clone(), inner);
  }

  clone(): ScaledWeight {
    return this.withFactors([this.inner.clone()]);
  }

  dispose(): void {
    this.inputScales.dispose();
    this.inner.dispose();
  }
}

const SAMPLE_SCHEME = { bits: 4, strategy: 'group', groupSize: 8, symmetric: true } as const;

/** @param loadWeight loads the inner matrix by its own format */
export function scaledFormat(loadWeight: FactorLoader): WeightFormat {
  return {
    id: 'scaled',
    title: 'Scaled inputs',
    samples: {
      'scaled inputs': (values, shape) => {
        const doubled = values.map((value) => 2 * value);
        return ScaledWeight.fromScales(
          new Float32Array(shape[1]).fill(0.5),
          QuantizedWeight.fromValues(doubled, shape, SAMPLE_SCHEME),
        );
      },
    },
    async load([outputs, inputs], attributes, read) {
      const [inner] = await loadFactors(['inner'], attributes.factors, read, loadWeight);
      try {
        if (inner.shape[0] !== outputs || inner.shape[1] !== inputs)
          throw new Error(
            `the matrix behind its scales is ${inner.shape.join('×')}, not ${outputs}×${inputs}`,
          );
        const scales = await readWords(read, 'input_scales', inputs);
        return ScaledWeight.fromScales(new Float32Array(scales.buffer), inner);
      } catch (error) {
        inner.dispose();
        throw error;
      }
    },
  };
}
